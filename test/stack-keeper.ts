// A program of npm test. It keeps a stack for each worker of Jest: starts it when a spec first asks for it, and stops it when standard
// input ends, which happens however the tests end.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { startOwnStack, type Stack } from './stack.js';

const stacks = new Map<string, Promise<Stack>>();

async function answer(worker: string, [what, ...args]: string[]): Promise<string | readonly string[]> {
  if (!stacks.has(worker)) stacks.set(worker, startOwnStack());
  const stack = await stacks.get(worker)!;
  switch (what) {
    case 'urls':
      return stack.urls;
    case 'output':
      return stack.output();
    case 'metrics':
      return stack.metrics();
    case 'admin':
      return stack.admin(...args);
    default:
      throw new Error(`Unknown question: ${what}`);
  }
}

const server = createServer((request, response) => {
  json(request)
    .then((question) => answer(request.url!, question as string[]))
    .then((value) => response.end(JSON.stringify(value)))
    .catch((error: Error) => response.writeHead(500).end(error.message));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);

// The tests stop it, also after Ctrl-C, which reaches this process too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
await once(process.stdin.resume(), 'end');
server.close();
const stopped = await Promise.allSettled([...stacks.values()].map(async (stack) => (await stack).stop()));
for (const each of stopped) if (each.status === 'rejected') process.stderr.write(`${each.reason}\n`);
process.exit(stopped.some(({ status }) => status === 'rejected') ? 1 : 0);
