import type { Contender } from './contender.ts';

export interface Benchmark {
  readonly title: string;
  readonly clients: number;
  /** The ratio of the first contender's rate to that of each other. The last goal of the ceiling. */
  readonly goals: Record<string, number>;
  /** Starts the contenders: Bazaar first. */
  open(options: BenchmarkOptions): Promise<Opened>;
}

export interface BenchmarkOptions {
  readonly standalone: boolean;
}

export interface Opened {
  readonly contenders: readonly Contender[];
  close(): Promise<unknown>;
}
