// npm start: the whole system in one process, with nothing needed but Node. Arguments go to apps/standalone.
import { build, entryOf, install, start } from './workspace.mjs';

install();
build();
const code = await start([entryOf('standalone'), ...process.argv.slice(2)], { stdio: 'inherit' }).ended;
process.exit(typeof code === 'number' ? code : 1);
