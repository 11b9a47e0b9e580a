import { runService } from '@app/platform';
import { readConfig } from './config.js';
import { gatewayService } from './gateway.module.js';
import { printedSchema } from './graphql/schema.js';

// `npm run schema` asks for it.
if (process.argv[2] === 'print-schema') process.stdout.write(await printedSchema());
else await runService(gatewayService, readConfig);
