// node scripts/run.mjs SCRIPT [ARGUMENTS]: installs the packages if they are missing or outdated, then runs a script on the project's Node.
// This file needs nothing but Node, and runs on old versions too.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [script = '', ...args] = process.argv.slice(2);

if (!isInstalled()) install();
const node = findNode();
if (!script) process.exit();
if (realpathSync(node) === realpathSync(process.execPath)) {
  process.argv = [process.execPath, join(root, script), ...args];
  await import(pathToFileURL(join(root, script)).href);
} else {
  const child = spawn(node, [join(root, 'scripts', 'run.mjs'), script, ...args], { stdio: 'inherit' });
  // On Windows, Ctrl-C reaches every program of the console.
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
    process.on(signal, () => process.platform !== 'win32' && child.kill(signal));
  // A signal to npm ends the shell between npm and this process, and does not reach this process.
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500);
  child.on('exit', (code) => process.exit(code ?? 1));
}

function isInstalled() {
  const installed = packagesIn('node_modules/.package-lock.json');
  return Object.entries(packagesIn('package-lock.json')).every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional),
  );
}

/** @returns {Record<string, { version?: string, optional?: boolean }>} */
function packagesIn(/** @type {string} */ lock) {
  const file = join(root, lock);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

function install() {
  console.error('Installing packages. This takes a minute, and happens only once.');
  const options = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', options, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (status !== 0) fail('npm ci failed: the packages are not installed.');
}

/** The Node among the packages, or this one if it is new enough. */
function findNode() {
  const own = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(own)) return own;
  const required = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).engines.node.replace('>=', '');
  if (process.versions.node.localeCompare(required, 'en', { numeric: true }) < 0)
    fail(`Bazaar needs Node ${required} or newer. This is ${process.versions.node}. Get Node from https://nodejs.org`);
  return process.execPath;
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  console.error(message);
  process.exit(1);
}
