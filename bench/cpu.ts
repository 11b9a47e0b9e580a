// The CPU time of processes, in milliseconds, from Linux's accounting.
import { readdir, readFile } from 'node:fs/promises';
import type { Client } from 'pg';

/** The CPU time that each process has used, by its id. */
export async function cpuTimes(pids: number[]) {
  return new Map(await Promise.all(pids.map(async (pid) => [pid, await cpuTime(pid)] as const)));
}

/** The CPU time used between two moments by the processes that existed at both. */
export function cpuBetween(before: Map<number, number>, after: Map<number, number>) {
  return [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? ms), 0);
}

/** The processes of a database's connections, if PostgreSQL runs on this machine. */
export async function connectionsOf(client: Client) {
  const { rows } = await client.query<{ pid: number }>(
    'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  return rows.map(({ pid }) => pid);
}

/** The sum of all threads. Linux counts nanoseconds for each. */
async function cpuTime(pid: number) {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []); // it has ended
  const times = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').catch(() => '0'));
  return (await Promise.all(times)).reduce((sum, time) => sum + parseInt(time) / 1e6, 0);
}

/** The processes of the stores on this machine, by name. Other work of theirs counts too. */
export async function storeProcesses(): Promise<Record<string, number[]>> {
  const stores: Record<string, number[]> = { postgresql: [], rabbitmq: [], redis: [] };
  const nameOf: Record<string, string> = { postgres: 'postgresql', 'beam.smp': 'rabbitmq', 'redis-server': 'redis' };
  for (const pid of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    const command = await readFile(`/proc/${pid}/comm`, 'latin1').catch(() => '');
    const name = nameOf[command.trim()];
    if (name) stores[name]?.push(Number(pid));
  }
  return stores;
}
