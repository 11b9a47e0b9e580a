import type { Contender } from './contender.ts';

export interface Benchmark {
  readonly title: string;
  readonly clients: number;
  /** The ratio of Bazaar's rate to that of each ceiling, at least. */
  readonly goals: Record<string, number>;
  /** Starts the contenders: Bazaar first. */
  open(): Promise<Opened>;
}

export interface Opened {
  readonly contenders: readonly Contender[];
  close(): Promise<unknown>;
}
