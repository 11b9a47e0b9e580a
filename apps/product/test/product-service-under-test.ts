import { orders, products, Role, type OrderLine, type ProductClient, type ProductDto } from '@app/contracts';
import { eventually } from '@app/testing';
import { ServiceUnderTest } from '@app/testing/service-under-test';
import { randomUUID } from 'node:crypto';
import { ProductConfig } from '../src/config.js';
import { productService } from '../src/product.module.js';

export const seller = { userId: randomUUID(), role: Role.CUSTOMER };
const customer = { userId: randomUUID(), role: Role.CUSTOMER };

type Line = [productId: string, quantity: number];

/** The product service alone; the tests publish the order service's events. */
export class ProductServiceUnderTest {
  private constructor(
    readonly service: ServiceUnderTest,
    readonly client: ProductClient,
  ) {}

  /** @param maxPrice the setting MAX_PRICE; by default its default. */
  static async start(maxPrice?: number): Promise<ProductServiceUnderTest> {
    const service = await ServiceUnderTest.start(
      productService,
      {},
      Object.assign(new ProductConfig(), maxPrice && { MAX_PRICE: maxPrice }),
    );
    return new ProductServiceUnderTest(service, service.client(products));
  }

  create(given: Partial<ProductDto> = {}, caller = seller): Promise<ProductDto> {
    return this.client.create({ caller, product: { name: 'Tea', price: 10, description: '', stock: 5, ...given } });
  }

  /** Publishes that an order was placed. */
  async place(orderId: string, lines: Line[], eventId?: string): Promise<void> {
    const orderLines: OrderLine[] = lines.map(([productId, quantity]) => ({ productId, quantity }));
    const event = { orderId, userId: customer.userId, version: 1, lines: orderLines };
    await this.service.publish(orders.events.placed, event, eventId);
  }

  async cancel(orderId: string, eventId?: string): Promise<void> {
    await this.service.publish(orders.events.cancelled, { orderId, userId: customer.userId, version: 2 }, eventId);
  }

  async ship(orderId: string): Promise<void> {
    await this.service.publish(orders.events.shipped, { orderId, userId: customer.userId, version: 3 });
  }

  /** Places an order and waits until its stock is reserved. */
  async reserve(...lines: Line[]): Promise<string> {
    const orderId = randomUUID();
    await this.place(orderId, lines);
    await eventually(() => {
      const [result] = this.resultsOf(orderId);
      if (!result || result.reason)
        throw new Error(`Order ${orderId} is not reserved: ${result?.reason ?? 'no event yet'}`);
    });
    return orderId;
  }

  /** The events that answer an order: stock reserved, or rejected with a reason. */
  resultsOf(orderId: string): { orderId: string; reason?: string }[] {
    const { stockReserved, stockRejected } = products.events;
    const results = [...this.service.publishedOf(stockReserved), ...this.service.publishedOf(stockRejected)];
    return results.filter((event) => event.orderId === orderId);
  }

  async stockOf(id: string): Promise<number | undefined> {
    return (await this.client.quote({ ids: [id] }))[0]?.stock;
  }

  /** Also of a deleted product. */
  async unitsOf(id: string): Promise<{ stock: number; reserved: number } | undefined> {
    const sql = 'select stock, reserved from products where id = $1';
    return (await this.service.database.query<{ stock: number; reserved: number }>(sql, [id]))[0];
  }

  close(): Promise<void> {
    return this.service.close();
  }
}
