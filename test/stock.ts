import { expect } from '@jest/globals';
import { eventually } from '../libs/testing/src/eventually.js';
import { Client, type Customer, type Order } from './client.js';

/** All orders of the customers, as soon as none is pending. */
export function settledOrders(customers: Customer[]): Promise<Order[]> {
  return eventually(async () => {
    const orders = (await Promise.all(customers.map((customer) => customer.orders()))).flat();
    expect(orders.filter(({ status }) => status === 'PENDING')).toEqual([]);
    return orders;
  }, 120_000);
}

/** The units of a product that the orders reserve. */
export const reserved = (productId: string, orders: Order[]): number =>
  orders
    .filter(({ status }) => status === 'PROCESSING')
    .flatMap(({ items }) => items)
    .reduce((sum, item) => sum + (item.productId === productId ? item.quantity : 0), 0);

/** Expects each of the initial units to be either in stock or in one order. */
export async function expectStockToAddUp(url: string, productId: string, initial: number, orders: Order[]) {
  const remaining = initial - reserved(productId, orders);
  await eventually(async () => expect((await new Client(url).product(productId))?.stock).toBe(remaining));
}
