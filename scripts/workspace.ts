// What the other scripts share: the environment, the build, and child processes.
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { APPS } from '../libs/contracts/src/services.ts';

export const root = join(import.meta.dirname, '..');

// Variables that are already set take precedence.
if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));

export const say = (text: string) => void process.stderr.write(`${text}\n`);

export function fail(text: string): never {
  say(text);
  process.exit(1);
}

export const entryOf = (app: string) => join(root, 'dist', 'apps', app, 'main.js');

const apps = [...APPS, 'standalone'];

/** Builds all apps if one is older than the sources. */
export function build() {
  const sources = ['apps', 'libs', 'package-lock.json', 'nest-cli.json', 'tsconfig.json'];
  const changed = Math.max(...sources.map((path) => lastChange(join(root, path))));
  if (apps.every((app) => existsSync(entryOf(app)) && statSync(entryOf(app)).mtimeMs > changed)) return;
  buildApps();
}

/** Builds all apps. Takes a second. */
export function buildApps() {
  say('Building');
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const build = spawnSync(process.execPath, [nest, 'build', ...apps], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) fail(`${build.stdout}${build.stderr}\nThe build failed.`);
}

/** In milliseconds since 1970. A folder's own time changes when files are removed. */
function lastChange(path: string): number {
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

export const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PARENT_CHECK_MS = 500;

/** A running program, and its exit code or the signal that ended it. */
export interface Program {
  child: ChildProcess;
  ended: Promise<number | string>;
}

/** Starts Node on a program, and forwards signals to it until it ends. */
export function start(args: readonly string[], options: SpawnOptions = {}): Program {
  const child = spawn(process.execPath, args, { cwd: root, ...options });
  const forward = (signal: NodeJS.Signals) => {
    // On Windows, Ctrl-C reaches every program of the console, and kill() would not let the program shut down.
    if (process.platform !== 'win32') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  const orphaned = whenOrphaned(() => process.emit('SIGTERM', 'SIGTERM'));
  const ended = new Promise<number | string>((resolve) => {
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => {
      clearInterval(orphaned);
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? `signal ${signal}`);
    });
  });
  return { child, ended };
}

/** A signal to npm ends the shell between npm and this process, and does not reach this process. */
function whenOrphaned(stop: () => void) {
  if (!process.env.npm_lifecycle_event) return undefined;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    stop();
  }, PARENT_CHECK_MS);
  return check;
}

const JEST = 'node_modules/jest/bin/jest.js';

/** Runs Jest. @returns its exit code. */
export async function jest(args: readonly string[], env: NodeJS.ProcessEnv, stdout: 'inherit' | 'ignore' = 'inherit') {
  const { ended } = start([JEST, ...args], {
    stdio: ['inherit', stdout, 'inherit'],
    env: { ...process.env, ...env },
  });
  return ended;
}

/** The paths of the specs whose imports lead to one of these sources. */
export function relatedSpecs(sources: readonly string[], env: NodeJS.ProcessEnv) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [JEST, '--listTests', '--findRelatedTests', ...sources],
    { cwd: root, env: { ...process.env, ...env }, encoding: 'utf8' },
  );
  const paths = stdout.split('\n').filter(Boolean);
  if (status !== 0 || paths.length === 0) fail(`Jest cannot list the specs.\n${stderr}`);
  return paths;
}

/**
 * Prints the outcome of a check.
 *
 * @param errors or the reason why the check cannot run, which is an error only if the check is required
 * @returns whether it passed.
 */
export function report(what: string, errors: readonly string[] | string, required = false) {
  if (typeof errors === 'string') {
    say(`${required ? 'not ok' : 'skipped'}  ${what}: ${errors}`);
    return !required;
  }
  say(`${errors.length === 0 ? 'ok' : 'not ok'}  ${[what, ...errors].join('\n    ')}`);
  return errors.length === 0;
}
