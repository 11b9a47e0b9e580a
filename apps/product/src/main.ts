import { runService } from '@app/platform';
import { readConfig } from './config.js';
import { productService } from './product.module.js';

await runService(productService, readConfig);
