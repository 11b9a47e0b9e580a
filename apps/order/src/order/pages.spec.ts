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

/** Reads all pages, and runs `between` before each further page. */
async function pagedThrough(caller: Caller, first: number, filter?: OrderFilter, between = async () => {}) {
  const pages = [await page(caller, first, null, filter)];
  while (pages.at(-1)!.pageInfo.hasNextPage) {
    await between();
    pages.push(await page(caller, first, pages.at(-1)!.pageInfo.endCursor, filter));
  }
  return pages;
}

describe('pages of orders', () => {
  test('have all orders, newest first, like the list', async () => {
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

  test('end with the last order, even if the last page is full', async () => {
    await underTest.placeMany(customer, 4);
    expect((await pagedThrough(customer, 2)).map(({ edges }) => edges.length)).toEqual([2, 2]);
    const nobody = underTest.newCustomer();
    expect(await page(nobody, 2)).toEqual({
      edges: [],
      pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    });
  });

  test('can be read from the end', async () => {
    const ids = newestFirst(await underTest.placeMany(customer, 5));
    const last = await underTest.client.page({ caller: customer, page: { last: 2 } });
    expect(idsOf(last)).toEqual(ids.slice(3));
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    const before = last.pageInfo.startCursor;
    const rest = await underTest.client.page({ caller: customer, page: { last: 100, before } });
    expect(idsOf(rest)).toEqual(ids.slice(0, 3));
    expect(rest.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
  });

  test('have fewer orders than asked for if these do not fit into a message', async () => {
    // 200 characters of six bytes each in JSON: names that early releases accepted.
    const names = Array.from({ length: 100 }, () => underTest.newProduct({ name: '\u0001'.repeat(200) }));
    const placed: OrderDto[] = [];
    for (let i = 0; i < 70; i++)
      placed.push(
        await underTest.place(
          customer,
          names.map((product) => [product, 1]),
        ),
      );
    expect((await pagedThrough(customer, 100)).map(({ edges }) => edges.length)).toEqual([54, 16]);
    expect((await pagedThrough(customer, 100)).flatMap(idsOf)).toEqual(newestFirst(placed));
    const last = await underTest.client.page({ caller: customer, page: { last: 100 } });
    expect(idsOf(last)).toEqual(newestFirst(placed.slice(0, 54)));
    expect(last.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
    expect((await underTest.client.list({ caller: customer })).map(({ id }) => id)).toEqual(newestFirst(placed));
  });

  test('neither repeat nor miss an order while new ones are placed', async () => {
    const placed = await underTest.placeMany(customer, 12);
    const pages = await pagedThrough(customer, 3, undefined, async () => {
      await underTest.placeMany(customer, 2);
    });
    expect(pages.flatMap(idsOf)).toEqual(newestFirst(placed));
  });
});

describe('a customer', () => {
  test('reads and counts only their own orders, even with the cursor of another customer', async () => {
    const own = await underTest.placeMany(customer, 3);
    const other = underTest.newCustomer();
    await underTest.placeMany(other, 2);
    const { pageInfo } = await page(other, 1);
    expect(idsOf(await page(customer, 100, pageInfo.endCursor))).toEqual(newestFirst(own));
    expect(idsOf(await page(customer, 100, null, { userId: customer.userId }))).toEqual(newestFirst(own));
    expect(await count(customer)).toBe(3);
  });

  test('may neither read nor count the orders of other customers', async () => {
    const filter = { userId: underTest.newCustomer().userId };
    expect(await errorOf(page(customer, 10, null, filter))).toMatchObject({ code: 'FORBIDDEN' });
    expect(await errorOf(count(customer, filter))).toMatchObject({ code: 'FORBIDDEN' });
  });
});

test('an admin reads the orders of all customers or of one', async () => {
  const placed = await underTest.placeMany(customer, 3);
  expect(idsOf(await page(admin, 3))).toEqual(newestFirst(placed));
  expect(await count(admin)).toBeGreaterThanOrEqual(13);
  const filter = { userId: customer.userId.toUpperCase() };
  expect(idsOf(await page(admin, 100, null, filter))).toEqual(newestFirst(placed));
  expect(await count(admin, filter)).toBe(3);
});

test('orders are filtered by status; null means no filter', async () => {
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
  ['not a cursor', 'garbage'],
  ['not JSON', Buffer.from('[').toString('base64url')],
  ['of another list', Buffer.from(JSON.stringify([19.99, randomUUID()])).toString('base64url')],
  ['a key that is not an id', Buffer.from(JSON.stringify(["' or true --"])).toString('base64url')],
  ['a key of the wrong type', Buffer.from(JSON.stringify([1])).toString('base64url')],
  ['an empty key', Buffer.from('[]').toString('base64url')],
  ['an object', Buffer.from('{"length":1}').toString('base64url')],
])('a cursor that is %s is rejected', async (_, after) => {
  expect(await errorOf(page(customer, 10, after))).toMatchObject({
    code: 'BAD_USER_INPUT',
    details: { fields: { after: expect.anything() } },
  });
});

test('a list and a page take two statements, however many orders there are', async () => {
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
