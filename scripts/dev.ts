// npm run dev: the whole system in one process, built and started again after each change of a source. Also reports type errors.
import { rspackDefaultsFactory } from '@nestjs/cli/lib/compiler/defaults/rspack-defaults.js';
import { rspack } from '@rspack/core';
import { EventEmitter, on, once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { entryOf, root, say, SIGNALS, start, type Program } from './workspace.ts';

const builds = new EventEmitter<{ ready: [hash: string] }>();
let current: string | undefined;
let serving: Program | undefined;
let spare: Program | undefined;
let stopping = false;

for (const signal of SIGNALS)
  process.on(signal, () => {
    stopping = true;
    void Promise.resolve(serving?.ended).then(() => process.exit());
  });

build();
checkTypes();
for await (const [hash] of on(builds, 'ready') as AsyncIterable<[string]>)
  // Changes during a restart need only one more.
  if (hash === current && !stopping) await restart();

/** Builds after each change, with the options of `nest build`. */
function build() {
  const app = join('apps', 'standalone');
  const source = join(root, app, 'src');
  const tsConfig = join(root, 'tsconfig.json');
  const plugins = { beforeHooks: [], afterHooks: [], afterDeclarationsHooks: [], readonlyVisitors: [] };
  const options = rspackDefaultsFactory(source, app, 'main', false, tsConfig, plugins, true, { sourceMap: true });
  rspack({ ...options, mode: 'development' }).watch({}, (error, stats) => {
    if (error) return say(error.message);
    if (stats!.hasErrors()) return say(stats!.toString({ all: false, errors: true }));
    if (stats!.hash === current) return;
    current = stats!.hash!;
    builds.emit('ready', current);
  });
}

/** Kills the process, which Bazaar survives without loss. Its PostgreSQL runs on and serves the next process. */
async function restart() {
  serving?.child.kill('SIGKILL');
  await serving?.ended;
  if (stopping) return;
  const program = spare ?? load();
  serving = program;
  spare = undefined;
  program.child.send('start');
  void reportExit(program);
  void loadSpare(program);
}

async function reportExit(program: Program) {
  const code = await program.ended;
  if (program === serving && code !== 'signal SIGKILL' && !stopping)
    say(`Bazaar exited (${code}). It starts again after the next change.`);
}

/** Waits until the program has started, which needs the CPU first. */
async function loadSpare(program: Program) {
  await Promise.race([once(program.child, 'message'), program.ended]);
  if (program === serving && !stopping) spare ??= load();
}

/** Most of a start is to load the packages, so the next process does that ahead of time. */
function load() {
  return start([join(root, 'scripts', 'dev-process.ts'), entryOf('standalone')], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { NODE_COMPILE_CACHE: join(root, 'node_modules', '.cache', 'node'), ...process.env },
  });
}

function checkTypes() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const incremental = ['--incremental', '--tsBuildInfoFile', join(root, 'dist', 'types.tsbuildinfo')];
  const { child } = start([tsc, '-p', root, '--watch', '--preserveWatchOutput', ...incremental], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  setPriority(child.pid!, constants.priority.PRIORITY_LOW);
  createInterface(child.stdout!).on('line', (line) => {
    if (/: error |Found /.test(line)) say(`types | ${line}`);
  });
}
