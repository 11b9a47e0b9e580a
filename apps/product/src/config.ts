import { DEFAULT_PORTS, MAX_TOTAL } from '@app/contracts';
import { DatabaseServiceConfig, loadConfig } from '@app/platform';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

export class ProductConfig extends DatabaseServiceConfig {
  override PORT: number = DEFAULT_PORTS.product;
  override DATABASE_URL: string = 'postgres://postgres@127.0.0.1:5432/bazaar_product';

  /** The maximum price of one unit. One unit at the highest possible price is an order of MAX_TOTAL. */
  @Type(() => Number) @IsInt() @Min(1) @Max(MAX_TOTAL) MAX_PRICE: number = 10_000_000;
}

export const readConfig = () => loadConfig(ProductConfig, process.env);
