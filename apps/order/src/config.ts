import { DEFAULT_PORTS } from '@app/contracts';
import { DatabaseServiceConfig, loadConfig } from '@app/platform';

export class OrderConfig extends DatabaseServiceConfig {
  override PORT: number = DEFAULT_PORTS.order;
  override DATABASE_URL: string = 'postgres://postgres@127.0.0.1:5432/bazaar_order';
}

export const readConfig = () => loadConfig(OrderConfig, process.env);
