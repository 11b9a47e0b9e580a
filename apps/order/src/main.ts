import { runService } from '@app/platform';
import { readConfig } from './config.js';
import { orderService } from './order.module.js';

await runService(orderService, readConfig);
