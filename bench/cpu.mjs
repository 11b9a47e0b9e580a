// CPU time that processes take, in milliseconds, as Linux counts it.
import { readFile } from 'node:fs/promises';

const TICK_MS = 10;

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

async function cpuTime(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  // What comes after the name, which may have anything in it: fields 14 and 15 of proc_pid_stat(5).
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * TICK_MS;
}
