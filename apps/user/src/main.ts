import { runService } from '@app/platform';
import { readConfig } from './config.js';
import { userService } from './user.module.js';

await runService(userService, readConfig);
