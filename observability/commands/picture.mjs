// Draws panels of dashboards as SVG, about as Grafana would.
import { place } from '../grafana/render.ts';

const COLUMN = 50;
const ROW = 30;
const GAP = 8;
const LEGEND_LINE = 13;
const LEGEND_MOST = 6;
/** Has room for two times only. */
const NARROW = 180;
const COLORS = [
  '#56a64b',
  '#e0b400',
  '#3274d9',
  '#ff780a',
  '#e02f44',
  '#a352cc',
  '#19a0a8',
  '#8f3bb8',
  '#7c4a1e',
  '#6e7681',
];

/** One panel; `series` are `{ name, points: [seconds, value][] }`. */
export function drawPanel(chart, series, { from, to }) {
  const kind = chart.kind ?? 'lines';
  const width = (chart.width ?? (kind === 'stat' ? 4 : 8)) * COLUMN - GAP;
  const height = (kind === 'stat' ? 4 : 8) * ROW - GAP;
  const legend = kind === 'lines' ? legendOf(chart, series, height) : { svg: '', height: 0 };
  const box = {
    left: kind === 'stat' ? 10 : 66,
    right: width - 10,
    top: 30,
    bottom: height - 30 - legend.height,
    from,
    to,
  };
  const body =
    series.length === 0
      ? text(width / 2, height / 2, 'nothing', 'text-anchor="middle" fill="#999"')
      : draw[kind](chart, series, box);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${height}" rx="3" fill="#fff" stroke="#ccc"/>
<title>${escape(chart.description)}</title>
${text(10, 18, chart.title, 'font-size="13" font-weight="bold"')}
${body}
${legend.svg}
</svg>
`;
}

/** A whole dashboard, of the panels drawn before. */
export function drawBoard(board, pictures) {
  let top = 40;
  const parts = [text(10, 26, board.title, 'font-size="20" font-weight="bold"')];
  for (const row of board.rows) {
    parts.push(text(10, top + 18, row.title, 'font-size="14" fill="#555"'));
    top += 26;
    const placed = place(row.charts);
    for (const { chart, x, y } of placed)
      parts.push(`<svg x="${x * COLUMN + GAP / 2}" y="${top + y * ROW}">${pictures.get(chart)}</svg>`);
    top += Math.max(...placed.map(({ y, h }) => y + h)) * ROW;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${24 * COLUMN}" height="${top + GAP}" font-family="sans-serif">
<rect width="100%" height="100%" fill="#f4f5f5"/>
${parts.join('\n')}
</svg>
`;
}

const draw = {
  lines(chart, series, box) {
    const values = series.flatMap(({ points }) => points.map(([, value]) => value));
    const limit = limitOf(chart);
    const low = chart.limit && 'below' in chart.limit ? Math.min(...values) : Math.min(0, ...values);
    const high = Math.max(...values) > low ? Math.max(...values) : low + 1;
    const y = (value) => round(box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top));
    const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
      const value = low + share * (high - low);
      return `<path d="M${box.left} ${y(value)}H${box.right}" stroke="#e5e5e5"/>${text(box.left - 5, y(value) + 4, format(value, chart.unit), 'text-anchor="end" fill="#666"')}`;
    });
    const dashes =
      limit >= low && limit <= high
        ? `<path d="M${box.left} ${y(limit)}H${box.right}" stroke="#e02f44" stroke-dasharray="6 4"/>`
        : '';
    const lines = series.map(
      ({ points }, i) => `<path d="${pathOf(points, box, y)}" fill="none" stroke="${colorOf(i)}" stroke-width="1.5"/>`,
    );
    return [...grid, ...timesOf(box), dashes, ...lines].join('\n');
  },
  stat(chart, series, box) {
    const points = series[0].points;
    const last = points.at(-1)[1];
    const limit = limitOf(chart);
    const isRed = limit !== undefined && ('above' in chart.limit ? last >= limit : last < limit);
    const values = points.map(([, value]) => value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const y = (value) => round(box.bottom + 16 - (high > low ? (value - low) / (high - low) : 0.5) * 30);
    return [
      `<path d="${pathOf(points, box, y)}" fill="none" stroke="#bbb"/>`,
      text(
        (box.left + box.right) / 2,
        box.top + 34,
        format(last, chart.unit),
        `text-anchor="middle" font-size="28" fill="${isRed ? '#e02f44' : '#56a64b'}"`,
      ),
    ].join('\n');
  },
  states(_, series, box) {
    const band = (box.bottom - box.top) / series.length;
    const left = 130;
    const x = (time) => left + ((time - box.from) / (box.to - box.from)) * (box.right - left);
    return series
      .flatMap(({ name, points }, i) => [
        text(left - 6, box.top + band * (i + 0.5) + 4, name, 'text-anchor="end"'),
        ...points.map(([time, value], k) => {
          const until = points[k + 1]?.[0] ?? box.to;
          return `<rect x="${round(x(time))}" y="${round(box.top + band * i + 1)}" width="${round(x(until) - x(time) + 0.3)}" height="${round(band - 2)}" fill="${value > 0 ? '#56a64b' : '#e02f44'}"/>`;
        }),
      ])
      .join('\n');
  },
};

/** Lines end where there is nothing for more than a few steps. */
function pathOf(points, { left, right, from, to }, y) {
  const x = (time) => round(left + ((time - from) / (to - from)) * (right - left));
  return points
    .map(([time, value], i) => `${i > 0 && time - points[i - 1][0] < 20 ? 'L' : 'M'}${x(time)} ${y(value)}`)
    .join('');
}

const timesOf = ({ left, right, bottom, from, to }) =>
  (right - left < NARROW ? [0, 1] : [0, 0.5, 1]).map((share) => {
    const time = new Date((from + share * (to - from)) * 1000).toISOString().slice(11, 19);
    const anchor = ['start', 'middle', 'end'][share * 2];
    return text(left + share * (right - left), bottom + 14, time, `text-anchor="${anchor}" fill="#666"`);
  });

/** The names with their last and their greatest values, the greatest first. */
function legendOf({ unit }, series, height) {
  const all = series
    .map(({ name, points }, i) => ({
      name,
      last: points.at(-1)[1],
      most: Math.max(...points.map(([, value]) => value)),
      color: colorOf(i),
    }))
    .sort((a, b) => b.most - a.most);
  const shown = all.slice(0, LEGEND_MOST);
  const lines = shown.map(({ name, last, most, color }) => ({
    color,
    label: `${name}  ${format(last, unit)}, at most ${format(most, unit)}`,
  }));
  if (all.length > shown.length) lines.push({ color: '#fff', label: `and ${all.length - shown.length} more` });
  const top = height - lines.length * LEGEND_LINE;
  const svg = lines.map(
    ({ color, label }, i) =>
      `<rect x="10" y="${top + i * LEGEND_LINE - 4}" width="10" height="4" fill="${color}"/>${text(25, top + i * LEGEND_LINE + 1, label, 'font-size="10"')}`,
  );
  return { svg: svg.join('\n'), height: lines.length * LEGEND_LINE };
}

const limitOf = ({ limit }) => limit && ('above' in limit ? limit.above : limit.below);
const colorOf = (i) => COLORS[i % COLORS.length];
const round = (value) => Math.round(value * 10) / 10;
const digits = (value) => Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 4 });

function format(value, unit) {
  if (unit === 'percentunit') return `${Number((value * 100).toFixed(2))}%`;
  if (unit === 's') return value !== 0 && value < 1 ? `${digits(value * 1000)} ms` : `${digits(value)} s`;
  if (unit === 'bytes') return `${Number((value / 2 ** 20).toFixed(1))} MiB`;
  return digits(value) + ({ reqps: '/s', ops: '/s', cpm: '/min' }[unit] ?? '');
}

const escape = (content) => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const text = (x, y, content, attributes = '') =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(content)}</text>`;
