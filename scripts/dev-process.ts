// The process that `npm run dev` serves with: node scripts/dev-process.ts ENTRY. It imports the packages of the built entry ahead of
// time, which takes most of a start, waits for a message, and then runs the entry.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';

const entry = process.argv.pop()!;
for (const [, name] of readFileSync(entry, 'utf8').matchAll(/^import .* from "(.+)";$/gm))
  // The entry reports a package that is missing.
  await import(name!).catch(() => undefined);
// A process that is killed would not write it.
flushCompileCache();

await once(process, 'message');
process.on('disconnect', () => process.emit('SIGTERM'));
process.argv[1] = entry;
await import(pathToFileURL(entry).href);
process.send!('started');
