import { main } from '@app/platform';
import { deadLetters } from './dead-letters.command.js';
import { postgres } from './postgres.command.js';
import { startStandalone } from './standalone.js';

const [command, ...args] = process.argv.slice(2);

switch (command) {
  case undefined:
    await main(startStandalone);
    break;
  case 'dead-letters':
    await main(() => deadLetters(args));
    break;
  case 'postgres':
    await main(() => postgres(args));
    break;
  default:
    await main(() => Promise.reject(new Error(`There is no command ${command}: only dead-letters, or none to start.`)));
}
