import { quantile } from './quantile.ts';
import type { Round } from './contender.ts';

const WIDTH = 640;
const LABEL = 160;
const BAR = 28;

/** A bar for the median rate of each contender, with a line from its slowest to its fastest round. */
export function chart(title: string, rounds: Map<string, Round[]>): string {
  const rates = [...rounds].map(([name, results]) => ({
    name,
    rates: results.map((round) => round.operationsPerSecond),
  }));
  const most = Math.max(...rates.flatMap((contender) => contender.rates));
  const x = (rate: number) => (LABEL + (rate / most) * (WIDTH - LABEL - 90)).toFixed(1);
  const bars = rates.map(({ name, rates }, i) => {
    const y = 40 + i * (BAR + 12);
    const median = quantile(rates, 0.5);
    const middle = y + BAR / 2;
    return `
  <text x="${LABEL - 8}" y="${middle + 4}" text-anchor="end">${name}</text>
  <rect x="${LABEL}" y="${y}" width="${(Number(x(median)) - LABEL).toFixed(1)}" height="${BAR}" fill="${i === 0 ? '#2563eb' : '#94a3b8'}"/>
  <path d="M${x(Math.min(...rates))} ${middle} H${x(Math.max(...rates))}" stroke="#0f172a"/>
  <text x="${Number(x(Math.max(...rates))) + 8}" y="${middle + 4}">${median.toFixed(0)}/s</text>`;
  });
  const height = 48 + rates.length * (BAR + 12);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
  <rect width="100%" height="100%" fill="#fff"/>
  <text x="8" y="22" font-weight="bold">${title}</text>${bars.join('')}
</svg>
`;
}
