import { expect } from '@jest/globals';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, type Customer, type Order } from './client.js';

/** Every order of the customers, once none is undecided any more. */
export function settledOrders(customers: Customer[]): Promise<Order[]> {
  return eventually(async () => {
    const orders = (await Promise.all(customers.map((customer) => customer.orders()))).flat();
    expect(orders.filter(({ status }) => status === 'PENDING')).toEqual([]);
    return orders;
  }, 120_000);
}

/** What settled orders hold of a product. */
export const reserved = (productId: string, orders: Order[]): number =>
  orders
    .filter(({ status }) => status === 'PROCESSING')
    .flatMap(({ items }) => items)
    .reduce((sum, item) => sum + (item.productId === productId ? item.quantity : 0), 0);

/** The units that a product had in the beginning are in its stock and in orders, each exactly once. */
export async function expectStockToAddUp(url: string, productId: string, initial: number, orders: Order[]) {
  const left = initial - reserved(productId, orders);
  await eventually(async () => expect((await new Client(url).product(productId))?.stock).toBe(left));
}
