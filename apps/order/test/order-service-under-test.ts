import {
  AppError,
  orders,
  Role,
  type Caller,
  type OrderClient,
  type OrderDto,
  type OrderInput,
  type ProductQuote,
  type ProductSummary,
  type ShippingDetails,
  type UserDto,
} from '@app/contracts';
import { ServiceUnderTest } from '@app/testing/service-under-test';
import { randomUUID } from 'node:crypto';
import { orderService } from '../src/order.module.js';

export const admin = { userId: randomUUID(), role: Role.ADMIN };
export const nowhere = { shippingAddress: '', pincode: '', city: '', country: '', phoneNumber: '' };
export const home = { shippingAddress: '1 Main St', pincode: '12345', city: 'Town', country: 'NL', phoneNumber: '1' };

/** A product and a number of units. */
export type Line = [product: { id: string }, quantity: number];

/** The order service alone. Tests set the replies of its neighbours. */
export class OrderServiceUnderTest {
  readonly client: OrderClient;
  readonly profiles = new Map<string, { version: number; shipping: ShippingDetails }>();
  usersAnswer = true;
  quotes: ProductQuote[] = [];
  summaries: ProductSummary[] = [];
  productsAnswer = true;
  /** False as in release 0.2 of the product service, which cannot answer. */
  summariesAnswer = true;

  private constructor(readonly service: ServiceUnderTest) {
    this.client = service.client(orders);
  }

  static async start(): Promise<OrderServiceUnderTest> {
    const unavailable = (name: string) => new AppError('SERVICE_UNAVAILABLE', `The ${name} service is unavailable`);
    const service = await ServiceUnderTest.start(orderService, {
      user: {
        getMany: async ({ ids }) => {
          if (!underTest.usersAnswer) throw unavailable('user');
          return ids.filter((id) => underTest.profiles.has(id)).map((id) => underTest.userDto(id));
        },
      },
      product: {
        quote: async ({ ids }) => {
          if (!underTest.productsAnswer) throw unavailable('product');
          return underTest.quotes.filter(({ id }) => ids.includes(id));
        },
        summaries: async ({ ids }) => {
          if (!underTest.productsAnswer || !underTest.summariesAnswer) throw unavailable('product');
          return underTest.summaries.filter(({ id }) => ids.includes(id));
        },
      },
    });
    const underTest = new OrderServiceUnderTest(service);
    return underTest;
  }

  newCustomer(shipping: ShippingDetails = nowhere): Caller {
    const customer = { userId: randomUUID(), role: Role.CUSTOMER };
    this.profiles.set(customer.userId, { version: 1, shipping });
    return customer;
  }

  newProduct(quote: Partial<ProductQuote> = {}): ProductQuote {
    const product = { id: randomUUID(), price: 10, stock: 1_000, ...quote };
    this.quotes.push(product);
    return product;
  }

  place(caller: Caller, lines: Line[], given: Omit<OrderInput, 'items'> = {}): Promise<OrderDto> {
    const items = lines.map(([{ id }, quantity]) => ({ productId: id, quantity }));
    return this.client.place({ caller, order: { ...given, items } });
  }

  /** Places an order with two lines of new products. */
  placeAny(caller: Caller): Promise<OrderDto> {
    return this.place(caller, [
      [this.newProduct(), 1],
      [this.newProduct(), 2],
    ]);
  }

  /** Places orders one after the other. @returns them oldest first. */
  async placeMany(caller: Caller, count: number): Promise<OrderDto[]> {
    const placed: OrderDto[] = [];
    while (placed.length < count) placed.push(await this.placeAny(caller));
    return placed;
  }

  close(): Promise<void> {
    return this.service.close();
  }

  private userDto(id: string): UserDto {
    const { version, shipping } = this.profiles.get(id)!;
    const profile = { bio: '', ...shipping };
    const [name, email] = ['A', 'a@example.com'];
    return { id, name, email, role: Role.CUSTOMER, profile, createdAt: '2026-01-01T00:00:00Z', version };
  }
}

/** The error of a request, or undefined. */
export const errorOf = (request: Promise<unknown>): Promise<AppError | undefined> =>
  request.then(
    () => undefined,
    (error: AppError) => error,
  );
