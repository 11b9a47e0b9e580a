import { runService } from '@app/platform';
import { readConfig } from './config.js';
import { gatewayService } from './gateway.module.js';
import { printedSchema } from './schema.js';

await runService(gatewayService, readConfig, { 'print-schema': printedSchema });
