// npm run dev: the whole system in one process, built and started again after each change of a source.
import { build, entryOf, root, start } from './workspace.ts';

build();
const nest = `${root}/node_modules/@nestjs/cli/bin/nest.js`;
const building = start([nest, 'build', 'standalone', '--watch'], { stdio: ['ignore', 'ignore', 'inherit'] });
// Node's watcher lets the old process shut down before it starts the new one.
const running = start(['--watch', '--watch-preserve-output', entryOf('standalone')], {
  stdio: 'inherit',
  env: { NODE_COMPILE_CACHE: `${root}/node_modules/.cache/node`, ...process.env },
});
await Promise.race([building.ended, running.ended]);
for (const { child } of [building, running]) child.kill('SIGTERM');
