import { runService } from '@app/platform';
import { admin } from './admin.command.js';
import { readConfig } from './config.js';
import { userService } from './user.module.js';

await runService(userService, readConfig, { admin });
