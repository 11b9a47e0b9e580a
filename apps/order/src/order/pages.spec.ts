import { OrderStatus, type Caller, type OrderDto, type OrderFilter, type Page } from '@app/contracts';
import { loadOf } from '@app/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { admin, errorOf, OrderServiceUnderTest } from '../../test/order-service-under-test.js';

let underTest: OrderServiceUnderTest;
let customer: Caller;

beforeAll(async () => {
  underTest = await OrderServiceUnderTest.start();
  await underTest.placeMany(underTest.newCustomer(), 10);
});
afterAll(() => underTest.close());
beforeEach(() => {
  customer = underTest.newCustomer();
});

const page = (caller: Caller, first: number, after?: string | null, filter?: OrderFilter) =>
  underTest.client.page({ caller, page: { first, after, filter } });
const count = (caller: Caller, filter: OrderFilter = {}) => underTest.client.count({ caller, filter });
const idsOf = ({ edges }: Page<OrderDto>) => edges.map(({ node }) => node.id);
const newestFirst = (orders: OrderDto[]) => orders.map(({ id }) => id).toReversed();
const setStatus = (ids: string[], status: OrderStatus) =>
  underTest.service.database.query('update orders set status = $2 where id = any($1)', [ids, status]);

/** All that a caller pages through, and what happens between two pages. */
async function pagedThrough(caller: Caller, first: number, filter?: OrderFilter, between = async () => {}) {
  const pages = [await page(caller, first, null, filter)];
  while (pages.at(-1)!.pageInfo.hasNextPage) {
    await between();
    pages.push(await page(caller, first, pages.at(-1)!.pageInfo.endCursor, filter));
  }
  return pages;
}

describe('pages of orders', () => {
  test('hold all of them, newest first, as the list has them', async () => {
    const placed = await underTest.placeMany(customer, 23);
    const pages = await pagedThrough(customer, 10);
    expect(pages.map(({ edges }) => edges.length)).toEqual([10, 10, 3]);
    expect(pages.flatMap(({ edges }) => edges.map(({ node }) => node))).toEqual(
      await underTest.client.list({ caller: customer }),
    );
    expect(pages.flatMap(idsOf)).toEqual(newestFirst(placed));
    expect(pages.map(({ pageInfo }) => [pageInfo.hasPreviousPage, pageInfo.hasNextPage])).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
    for (const { edges, pageInfo } of pages)
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor, edges.at(-1)?.cursor]);
  });

  test('end where there are no more, even where the last page is full', async () => {
    await underTest.placeMany(customer, 4);
    expect((await pagedThrough(customer, 2)).map(({ edges }) => edges.length)).toEqual([2, 2]);
    const nobody = underTest.newCustomer();
    expect(await page(nobody, 2)).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test('neither repeat nor miss an order while others are placed', async () => {
    const placed = await underTest.placeMany(customer, 12);
    const pages = await pagedThrough(customer, 3, undefined, async () => {
      await underTest.placeMany(customer, 2);
    });
    expect(pages.flatMap(idsOf)).toEqual(newestFirst(placed));
  });
});

describe('a customer', () => {
  test('pages through and counts their own alone, wherever the cursor is from', async () => {
    const own = await underTest.placeMany(customer, 3);
    const other = underTest.newCustomer();
    await underTest.placeMany(other, 2);
    const { pageInfo } = await page(other, 1);
    expect(idsOf(await page(customer, 100, pageInfo.endCursor))).toEqual(newestFirst(own));
    expect(idsOf(await page(customer, 100, null, { userId: customer.userId }))).toEqual(newestFirst(own));
    expect(await count(customer)).toBe(3);
  });

  test('may not ask for the orders of others, nor count them', async () => {
    const filter = { userId: underTest.newCustomer().userId };
    expect(await errorOf(page(customer, 10, null, filter))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(count(customer, filter))).toMatchObject({ code: 'FORBIDDEN' });
  });
});

test('an admin sees the orders of all, or of one customer', async () => {
  const placed = await underTest.placeMany(customer, 3);
  expect(idsOf(await page(admin, 3))).toEqual(newestFirst(placed));
  expect(await count(admin)).toBeGreaterThanOrEqual(13);
  const filter = { userId: customer.userId.toUpperCase() };
  expect(idsOf(await page(admin, 100, null, filter))).toEqual(newestFirst(placed));
  expect(await count(admin, filter)).toBe(3);
});

test('orders are found by their status; a filter that is null is none', async () => {
  const placed = await underTest.placeMany(customer, 6);
  const shipped = placed.filter((_, i) => i % 2);
  await setStatus(
    shipped.map(({ id }) => id),
    OrderStatus.SHIPPED,
  );
  const filter = { status: OrderStatus.SHIPPED, userId: null };
  expect((await pagedThrough(customer, 2, filter)).flatMap(idsOf)).toEqual(newestFirst(shipped));
  expect(await count(customer, filter)).toBe(3);
  expect((await pagedThrough(admin, 2, filter)).flatMap(idsOf)).toEqual(newestFirst(shipped));
  expect(await count(customer, { status: null, userId: null })).toBe(6);
});

test.each([
  ['no cursor at all', 'garbage'],
  ['no JSON', Buffer.from('[').toString('base64url')],
  ['another list’s', Buffer.from(JSON.stringify([19.99, randomUUID()])).toString('base64url')],
  ['a key that is no id', Buffer.from(JSON.stringify(["' or true --"])).toString('base64url')],
  ['a key of a wrong type', Buffer.from(JSON.stringify([1])).toString('base64url')],
  ['no key', Buffer.from('[]').toString('base64url')],
  ['an object', Buffer.from('{"length":1}').toString('base64url')],
])('a cursor that is %s is refused', async (_, after) => {
  expect(await errorOf(page(customer, 10, after))).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { fields: { after: expect.anything() } },
  });
});

test('however many orders there are, a list and a page of them are two statements', async () => {
  await underTest.placeMany(customer, 500);
  const few = underTest.newCustomer();
  await underTest.placeMany(few, 5);
  const statements = async (work: () => Promise<unknown>) => (await loadOf(work)).statements;
  for (const caller of [few, customer]) {
    expect(await statements(() => page(caller, 100))).toHaveLength(2);
    expect(await statements(() => underTest.client.list({ caller }))).toHaveLength(2);
    expect(await statements(() => count(caller))).toHaveLength(1);
  }
});
