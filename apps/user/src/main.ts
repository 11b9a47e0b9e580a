import { main, runService, useLogger } from '@app/platform';
import { admin } from './admin.command.js';
import { readConfig } from './config.js';
import { userService } from './user.module.js';

const [command, ...args] = process.argv.slice(2);

if (command === undefined) await runService(userService, readConfig);
else
  await main(async () => {
    if (command !== 'admin') throw new Error(`There is no command ${command}: only admin, or none to start.`);
    const config = readConfig();
    useLogger('user', config);
    process.stdout.write(`${await admin(args, config)}\n`);
    return async () => undefined;
  });
