import { DEFAULT_PORTS } from '@app/contracts';
import { DatabaseServiceConfig, loadConfig } from '@app/platform';

export class ProductConfig extends DatabaseServiceConfig {
  override PORT: number = DEFAULT_PORTS.product;
  override DATABASE_URL: string = 'postgres://postgres@127.0.0.1:5432/bazaar_product';
}

export const readConfig = () => loadConfig(ProductConfig, process.env);
