import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, chown, mkdtemp, readdir, readlink, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { mayReach, type Account } from './account.js';

/** The parent of the data folder if Bazaar runs as root and the server's account cannot access the requested folder. */
const OUTSIDE = '/var/tmp';

/** The database superuser. Its password is in a file next to the data. */
export const USER = 'postgres';

/**
 * The real path of `<directory>/postgres`, which need not exist yet. If the server's account cannot access the directory, usually
 * because it is below root's home, `postgres` becomes a symbolic link to a folder that the account can access.
 */
export async function placeFor(directory: string, account: Account): Promise<string> {
  const link = join(directory, 'postgres');
  const linked = await readlink(link).catch(() => undefined);
  if (linked && (await isThere(dirname(linked)))) return linked;
  if (linked)
    throw new Error(`The data folder ${linked} no longer exists. To start with an empty database, remove ${link}.`);
  if (await mayReach(account, directory)) return link;
  // An empty directory was created for this purpose, for example by mkdtemp, so its mode may be changed.
  if ((await readdir(directory)).length === 0) await chmod(directory, 0o711);
  if (await mayReach(account, directory)) return link;
  if (await isThere(link))
    throw new Error(
      `PostgreSQL cannot run as root, and its account has no access to the data in ${link}: grant access to the parent folders.`,
    );
  return outside(link);
}

async function outside(link: string): Promise<string> {
  const name = createHash('sha256').update(link).digest('hex').slice(0, 12);
  const folder = await mkdtemp(join(OUTSIDE, `bazaar-${name}-`));
  await chmod(folder, 0o711);
  try {
    await symlink(join(folder, 'postgres'), link);
  } catch (error) {
    // Another process was first.
    await rm(folder, { recursive: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return readlink(link);
}

/** Creates the cluster if it does not exist. Atomic, also when several processes do this at once. */
export async function initialize(cluster: string, bin: string, account: Account): Promise<void> {
  if (await isThere(cluster)) return;
  const fresh = await mkdtemp(`${cluster}.`);
  const password = join(fresh, 'password');
  try {
    await writeFile(password, randomBytes(24).toString('hex'), { mode: 0o600 });
    if (account.uid !== undefined && account.gid !== undefined)
      for (const path of [password, fresh]) await chown(path, account.uid, account.gid);
    await promisify(execFile)(
      join(bin, 'initdb'),
      [
        `--pgdata=${join(fresh, 'data')}`,
        `--username=${USER}`,
        `--pwfile=${password}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
      ],
      { ...account, cwd: fresh, env: { ...process.env, LC_ALL: 'C' }, windowsHide: true },
    );
    await rename(fresh, cluster);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    if (await isThere(cluster)) return;
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Error(`PostgreSQL could not create its data folder ${cluster}: ${(stderr || message).trim()}`, {
      cause: error,
    });
  }
}

export const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
