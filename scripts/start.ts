// npm start: the whole system in one process. It needs nothing but Node. Arguments go to apps/standalone.
import { build, entryOf, start } from './workspace.ts';

build();
const code = await start([entryOf('standalone'), ...process.argv.slice(2)], { stdio: 'inherit' }).ended;
process.exit(typeof code === 'number' ? code : 1);
