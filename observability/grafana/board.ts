/** A dashboard as it is written in `boards/`; `render.ts` makes what Grafana reads from it. */
export interface Board {
  /** Part of its address: stays as it is for ever. */
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
  /** What it shows, and what to make of it. */
  description: string;
  unit: Unit;
  queries: Query[];
  /** Lines over time, unless it is the last value in large (`stat`), or up and down over time (`states`, of 1 and 0). */
  kind?: 'lines' | 'stat' | 'states';
  /** Of the 24 columns of a row. */
  width?: number;
  /** What is red. */
  limit?: Limit;
}

export type Limit = { above: number } | { below: number };

/** As Grafana calls them. */
export type Unit = 's' | 'percentunit' | 'bytes' | 'short' | 'reqps' | 'ops' | 'cpm';

export interface Query {
  /** What it sums by is bounded: services, patterns, events, operations and codes of the API, queues; never ids or addresses. */
  expr: string;
  /** The name of each series, with labels as `{{service}}`. */
  legend: string;
  /** In a system that is well and at work it may find nothing, as with errors. */
  mayBeEmpty?: true;
}

/** How much per second, over as short a time as the picture's width and the scrapes allow. */
export const rate = (selector: string): string => `rate(${selector}[$__rate_interval])`;

/** A quantile of a histogram, by the labels given. */
export const quantile = (q: number, selector: string, ...by: string[]): string =>
  `histogram_quantile(${q}, sum by (${[...by, 'le'].join(', ')}) (${rate(selector)}))`;

/** The median and the slow end of a histogram, two queries. */
export const spread = (selector: string): Query[] =>
  [0.5, 0.95, 0.99].map((q) => ({ expr: quantile(q, selector), legend: `p${q * 100}` }));
