import type { Dashboard, DataQuery, Panel, RowPanel } from '@grafana/schema';
import type { Options as StateOptions } from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type {
  FieldConfig as LineConfig,
  Options as LineOptions,
} from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import type { Board, Chart, Limit } from './board.ts';

/** A Grafana type in JSON: enums by their values. */
type Json<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Json<T[K]> } : T;

interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat: string;
}

const SOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLUMNS = 24;
const STAT = { w: 4, h: 4 };
const GRAPH = { w: 8, h: 8 };

/** The positions of `charts` in a row, from left to right. */
export function place(charts: readonly Chart[]): { chart: Chart; x: number; y: number; w: number; h: number }[] {
  let [x, y, below] = [0, 0, 0];
  return charts.map((chart) => {
    const size = chart.kind === 'stat' ? STAT : GRAPH;
    const w = chart.width ?? size.w;
    if (x + w > COLUMNS) [x, y] = [0, below];
    const placed = { chart, x, y, w, h: size.h };
    below = Math.max(below, y + size.h);
    x += w;
    return placed;
  });
}

/** Grafana's JSON of a dashboard. */
export function render(board: Board): Json<Dashboard> {
  const panels: Json<Panel | RowPanel>[] = [];
  let top = 0;
  for (const { title, charts } of board.rows) {
    const row: RowPanel = {
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y: top, w: COLUMNS, h: 1 },
      panels: [],
    };
    panels.push(row);
    const placed = place(charts);
    for (const { chart, x, y, w, h } of placed)
      panels.push({ id: panels.length + 1, ...panelOf(chart), gridPos: { x, y: top + 1 + y, w, h } });
    top += 1 + Math.max(...placed.map(({ y, h }) => y + h));
  }
  return {
    uid: board.uid,
    title: board.title,
    description: board.description,
    tags: ['bazaar'],
    schemaVersion: 41,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    timezone: 'browser',
    links: [
      {
        type: 'dashboards',
        title: 'Bazaar',
        tags: ['bazaar'],
        asDropdown: false,
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        icon: '',
        tooltip: '',
      },
    ],
    templating: { list: [{ name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' }] },
    panels,
  };
}

function panelOf(chart: Chart): Json<Panel> {
  const { title, description, unit, limit } = chart;
  const targets = chart.queries.map(({ expr, legend }, i): PrometheusQuery => ({
    refId: String.fromCharCode('A'.charCodeAt(0) + i),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
  }));
  const { type, options, custom, ...field } = looks[chart.kind ?? 'lines'](chart);
  return {
    type,
    title,
    description,
    datasource: SOURCE,
    // Copies, because an interface is not assignable to Record.
    targets: targets.map((target) => ({ ...target })),
    options: { ...options },
    fieldConfig: {
      defaults: { unit, thresholds: { mode: 'absolute', steps: stepsOf(limit) }, ...field, custom: { ...custom } },
      overrides: [],
    },
  };
}

type Look = Pick<Json<NonNullable<Panel['fieldConfig']>['defaults']>, 'color' | 'mappings' | 'min'> & {
  type: string;
  options: Json<LineOptions | StatOptions | StateOptions>;
  custom?: Json<LineConfig>;
};

const looks: Record<NonNullable<Chart['kind']>, (chart: Chart) => Look> = {
  lines: ({ limit }) => ({
    type: 'timeseries',
    options: {
      legend: { displayMode: 'table', placement: 'bottom', showLegend: true, calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    } satisfies Json<LineOptions>,
    custom: {
      drawStyle: 'line',
      lineWidth: 1,
      fillOpacity: 5,
      showPoints: 'never',
      thresholdsStyle: { mode: limit ? 'dashed' : 'off' },
    } satisfies Json<LineConfig>,
    color: { mode: 'palette-classic' },
    min: limit && 'below' in limit ? undefined : 0,
  }),
  stat: () => ({
    type: 'stat',
    options: {
      colorMode: 'value',
      graphMode: 'area',
      justifyMode: 'auto',
      orientation: 'auto',
      textMode: 'auto',
      wideLayout: true,
      showPercentChange: false,
      percentChangeColorMode: 'standard',
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
    } satisfies Json<StatOptions>,
    color: { mode: 'thresholds' },
  }),
  states: () => ({
    type: 'state-timeline',
    options: {
      showValue: 'never',
      rowHeight: 0.9,
      mergeValues: true,
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false, calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    } satisfies Json<StateOptions>,
    color: { mode: 'thresholds' },
    mappings: [{ type: 'value', options: { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } } }],
  }),
};

function stepsOf(limit?: Limit) {
  if (!limit) return [{ color: 'green', value: null }];
  return 'above' in limit
    ? [
        { color: 'green', value: null },
        { color: 'red', value: limit.above },
      ]
    : [
        { color: 'red', value: null },
        { color: 'green', value: limit.below },
      ];
}
