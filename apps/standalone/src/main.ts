import { main } from '@app/platform';
import { admin } from './admin.command.js';
import { deadLetters } from './dead-letters.command.js';
import { postgres } from './postgres.command.js';
import { startStandalone } from './standalone.js';

const [command, ...args] = process.argv.slice(2);

switch (command) {
  case undefined:
    await main(startStandalone);
    break;
  case 'admin':
    await main(() => admin(args));
    break;
  case 'dead-letters':
    await main(() => deadLetters(args));
    break;
  case 'postgres':
    await main(() => postgres(args));
    break;
  default:
    await main(() =>
      Promise.reject(
        new Error(`Unknown command ${command}. Commands: admin, dead-letters. Without a command, Bazaar starts.`),
      ),
    );
}
