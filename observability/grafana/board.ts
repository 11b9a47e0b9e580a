/** The source of a dashboard. `render.ts` converts it to Grafana's JSON. */
export interface Board {
  /** Part of the dashboard's URL: never changes. */
  uid: string;
  title: string;
  description: string;
  rows: Row[];
}

export interface Row {
  title: string;
  charts: Chart[];
}

export interface Chart {
  title: string;
  /** What the chart shows and how to read it. */
  description: string;
  unit: Unit;
  queries: Query[];
  /** Lines over time (the default), the last value (`stat`), or 1 and 0 over time (`states`). */
  kind?: 'lines' | 'stat' | 'states';
  /** Of the 24 columns of a row. */
  width?: number;
  /** Values beyond it are red. */
  limit?: Limit;
}

export type Limit = { above: number } | { below: number };

/** Grafana's names. */
export type Unit = 's' | 'percentunit' | 'bytes' | 'short' | 'reqps' | 'ops' | 'cpm';

export interface Query {
  /** Aggregates by labels with few values: services, patterns, events, operations, error codes, queues; never ids or addresses. */
  expr: string;
  /** The name of each series, with labels as `{{service}}`. */
  legend: string;
  /** Whether the query may find nothing in a healthy system, for example errors. */
  mayBeEmpty?: true;
}

/** The rate per second over Grafana's shortest sensible window. */
export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

/** A quantile of a histogram, by the labels given. */
export const quantile = (q: number, selector: string, ...by: string[]): string =>
  `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(selector)}))`;

/** The median and the slow end of a histogram, two queries. */
export const spread = (selector: string): Query[] =>
  [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, selector), legend: `p${q * 100}` }));
