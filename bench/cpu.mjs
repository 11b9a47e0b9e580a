// CPU time that processes take, in milliseconds, as Linux counts it.
import { readdir, readFile } from 'node:fs/promises';

/** What each of these processes has taken, by its id. */
export async function cpuTimes(pids) {
  return new Map(await Promise.all(pids.map(async (pid) => [pid, await cpuTime(pid)])));
}

/** What those that were there all the time have taken between two moments. */
export function cpuBetween(before, after) {
  return [...after].reduce((sum, [pid, ms]) => sum + ms - (before.get(pid) ?? ms), 0);
}

/** The processes of a database's connections, where PostgreSQL runs on this machine. */
export async function connectionsOf(client) {
  const { rows } = await client.query(
    'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  return rows.map(({ pid }) => pid);
}

/** Of all its threads; each counts nanoseconds. */
async function cpuTime(pid) {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'latin1').catch(() => '0'));
  return (await Promise.all(times)).reduce((sum, time) => sum + parseInt(time) / 1e6, 0);
}
