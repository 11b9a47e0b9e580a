// Runs a script of the project by its own Node and with its packages, which are installed where they are missing.
import { install, start } from './workspace.mjs';

install();
const code = await start(process.argv.slice(2), { stdio: 'inherit' }).ended;
process.exit(typeof code === 'number' ? code : 1);
