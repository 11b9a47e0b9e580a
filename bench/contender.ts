// What a benchmark compares, and how it is loaded.
import { Pool } from 'undici';
import { cpuTimes, storeProcesses } from './cpu.ts';
import { quantile } from './quantile.ts';

/** One side of a comparison. */
export interface Contender {
  readonly name: string;
  /** One operation of a client. @throws if its answer is wrong. */
  run(client: number): Promise<void>;
  /** Waits for what the operations of a round have left to do. */
  settled?(): Promise<unknown>;
  /** Its own processes, by name. The stores are added. */
  readonly processes: Record<string, number>;
}

/** What one contender did in one round. */
export interface Round {
  readonly operationsPerSecond: number;
  /** Latencies in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  readonly errors: number;
  /** CPU time of an operation in microseconds, by process. */
  readonly cpu: Record<string, number>;
}

export interface LoadOptions {
  readonly clients: number;
  readonly seconds: number;
}

/** Each client sends its next operation as soon as the one before is answered. */
export async function load(contender: Contender, { clients, seconds }: LoadOptions): Promise<Round> {
  const names = { ...contender.processes, ...(await storeProcesses()) };
  const before = await cpuTimes(Object.values(names).flat());
  const latencies: number[] = [];
  let errors = 0;
  const began = performance.now();
  const until = began + seconds * 1_000;
  const client = async (_: unknown, i: number) => {
    for (let start = performance.now(); start < until; start = performance.now()) {
      await contender.run(i).catch((error: unknown) => {
        if (errors++ === 0) console.error(`${contender.name}: ${String(error)}`);
      });
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  await contender.settled?.();
  const passed = (performance.now() - began) / 1_000;
  const after = await cpuTimes(Object.values(names).flat());
  const cpuOf = (pids: number | number[]) =>
    [pids].flat().reduce((sum, pid) => sum + Math.max(0, (after.get(pid) ?? 0) - (before.get(pid) ?? 0)), 0);
  const cpu = Object.entries(names).map(([name, pids]) => [name, (1_000 * cpuOf(pids)) / latencies.length] as const);
  return {
    operationsPerSecond: latencies.length / passed,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    errors,
    cpu: Object.fromEntries(cpu),
  };
}

/** Sends GraphQL operations over connections of its own, one for each client. */
export function graphqlClient(url: string) {
  const pool = new Pool(url, { connections: 64, pipelining: 1, bodyTimeout: 60_000, headersTimeout: 60_000 });
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const options = {
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', ...headers },
    } as const;
    return (await pool.request({ ...options, body })).body.text();
  };
  return { post, close: () => pool.close() };
}
