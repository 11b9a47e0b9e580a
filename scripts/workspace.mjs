// What the other scripts stand on. These run before anything is installed, so they need nothing but Node, an older one too.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const services = ['user', 'product', 'order', 'gateway'];

// What is set already goes before what the file says.
if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));

export const say = (text) => process.stderr.write(`${text}\n`);

export function fail(text) {
  say(text);
  process.exit(1);
}

/** Installs what package-lock.json asks for, where that is not what is there. */
export function install() {
  if (isInstalled()) return;
  say('Installing packages: this takes a minute, and only this once');
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) fail('The packages could not be installed (npm ci).');
}

function isInstalled() {
  const installed = packagesOf('node_modules/.package-lock.json');
  return Object.entries(packagesOf('package-lock.json')).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional),
  );
}

function packagesOf(lock) {
  const file = join(root, lock);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

/** The Node that runs the project: the one among the packages, or this one where it is new enough. */
export function node() {
  const own = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(own)) return own;
  const wanted = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  if (process.versions.node.localeCompare(wanted, 'en', { numeric: true }) < 0)
    fail(`Bazaar needs Node ${wanted} or newer, and this is ${process.versions.node}. Get it from https://nodejs.org`);
  return process.execPath;
}

export const entryOf = (app) => join(root, 'dist', 'apps', app, 'main.js');

/** Builds all apps when one is older than the sources; that takes a second. */
export function build() {
  const apps = [...services, 'standalone'];
  const sources = ['apps', 'libs', 'package-lock.json', 'nest-cli.json', 'tsconfig.json'];
  const changed = Math.max(...sources.map((path) => lastChange(join(root, path))));
  if (apps.every((app) => existsSync(entryOf(app)) && statSync(entryOf(app)).mtimeMs > changed)) return;
  say('Building');
  const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
  const build = spawnSync(node(), [nest, 'build', ...apps], { cwd: root, encoding: 'utf8' });
  if (build.status !== 0) fail(`${build.stdout}${build.stderr}\nThe build has failed.`);
}

/** In milliseconds since 1970; a folder's own time tells of files that were removed. */
function lastChange(path) {
  const stats = statSync(path);
  if (!stats.isDirectory()) return path.endsWith('.spec.ts') ? 0 : stats.mtimeMs;
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => lastChange(join(path, name))));
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const PARENT_CHECK_MS = 500;

/** Starts Node on a program; until it ends, signals are for it to act upon. */
export function start(args, options) {
  const child = spawn(node(), args, { cwd: root, ...options });
  const forward = (signal) => {
    // On Windows Ctrl-C reaches every program of a console by itself, and kill() would leave it no time.
    if (process.platform !== 'win32') child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, forward);
  const orphaned = whenOrphaned(() => process.emit('SIGTERM', 'SIGTERM'));
  const ended = new Promise((resolve) => {
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => {
      clearInterval(orphaned);
      for (const name of SIGNALS) process.off(name, forward);
      resolve(code ?? `signal ${signal}`);
    });
  });
  return { child, ended };
}

/** A signal to npm ends the shell between npm and us, and does not get to us. */
function whenOrphaned(stop) {
  if (!process.env.npm_lifecycle_event) return undefined;
  const parent = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(check);
    stop();
  }, PARENT_CHECK_MS);
  return check;
}
