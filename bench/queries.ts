// The lists of the API, each with a limit on what one of its statements may read.
import { ask, type Person, type Stack, type Variables } from './stack.ts';

interface Limit {
  rows: number;
  buffers: number;
}

export interface Query {
  service: Listed;
  name: string;
  max: Limit;
  query: string;
  variables: Variables;
  /** Only statements that match. */
  only?: RegExp;
}

/** A page of 20, anywhere in the list. */
const PAGE = { rows: 300, buffers: 400 };
/**
 * A page that no index has in order, so PostgreSQL sorts or skips rows. The prices are random: 21 products of one in a hundred
 * lie among 2,100 rows on average, and now and then among 3,500.
 */
const SORTED = { rows: 6_000, buffers: 7_000 };
/** A list of 1000 with its items. */
const LIST = { rows: 4_000, buffers: 8_000 };
/** A count reads every row that it counts. */
const COUNT = { rows: Infinity, buffers: Infinity };

const LISTS = {
  product: {
    field: 'productConnection(first: $first, after: $after, filter: $filter, sort: $sort)',
    variables: '$filter: ProductFilter, $sort: ProductSort',
    node: 'id name',
  },
  order: {
    field: 'orderConnection(first: $first, after: $after, filter: $filter)',
    variables: '$filter: OrderFilter',
    node: 'id items { id }',
  },
  user: { field: 'userConnection(first: $first, after: $after)', variables: '', node: 'id' },
};

type Listed = keyof typeof LISTS;

const queryOf = (service: Listed, selection: string) => {
  const { field, variables } = LISTS[service];
  return `query ($first: Int = 20, $after: String, ${variables}) { page: ${field} { ${selection} } }`;
};

/** The cursor before the 5,000th page of 20. */
async function page5000(stack: Stack, service: Listed, variables: Variables) {
  let after: string | null = null;
  for (const first of [...Array.from({ length: 999 }, () => 100), 80]) {
    const query = queryOf(service, 'pageInfo { endCursor }');
    const { page }: EndCursor = await ask<EndCursor>(stack, query, { ...variables, first, after });
    after = page.pageInfo.endCursor;
  }
  return after;
}

interface EndCursor {
  page: { pageInfo: { endCursor: string | null } };
}

export async function queries(
  stack: Stack,
  { token, id: customerId }: Person,
  { token: admin }: Person,
): Promise<Query[]> {
  const page = (service: Listed, name: string, variables: Variables, max: Limit = PAGE) => {
    const selection = `edges { node { ${LISTS[service].node} } } pageInfo { hasNextPage }`;
    return { service, name, max, variables, query: queryOf(service, selection) };
  };
  const count = (service: Listed, name: string, variables: Variables) => {
    const query = queryOf(service, 'totalCount');
    return { service, name: `total of ${name}`, max: COUNT, variables, query, only: /^select count/ };
  };
  const list = (service: Listed, name: string, query: string, variables: Variables) => ({
    service,
    name,
    max: LIST,
    query,
    variables,
  });

  const { page: newest } = await ask<{ page: { edges: { node: { seller: { id: string } } }[] } }>(
    stack,
    queryOf('product', 'edges { node { seller { id } } }'),
    { first: 1 },
  );
  const sellerId = newest.edges[0]?.node.seller.id;

  const throughout: [Listed, string, Variables][] = [
    ...['NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'].map((sort): [Listed, string, Variables] => [
      'product',
      `products by ${sort}`,
      { sort },
    ]),
    ['order', 'orders, for an admin', { token: admin }],
    ['user', 'users', { token }],
  ];
  const cursors = await Promise.all(throughout.map(([service, , variables]) => page5000(stack, service, variables)));
  const filtered = (name: string, filter: object, sort = 'NEWEST', max = PAGE) =>
    page('product', `products ${name}, by ${sort}`, { filter, sort }, max);
  const [samovar, steel, priced] = [{ search: 'samovar' }, { search: 'steel' }, { minPrice: 500, maxPrice: 510 }];
  const ofStatus = (status: string, token: string) => ({ filter: { status }, token });

  return [
    ...throughout.flatMap(([service, name, variables], i) => [
      page(service, `${name}, page 1`, variables),
      page(service, `${name}, page 5,000`, { ...variables, after: cursors[i] }),
    ]),
    ...['NEWEST', 'PRICE_ASC', 'NAME'].flatMap((sort) => [
      filtered('in stock', { inStock: true }, sort),
      filtered('out of stock', { inStock: false }, sort),
      filtered('of a seller', { sellerId }, sort),
      filtered('of a seller, out of stock', { sellerId, inStock: false }, sort),
      filtered('with a rare word', samovar, sort),
      filtered('with a common word', steel, sort),
      filtered('with a rare and a common word', { search: 'steel samovar' }, sort),
      filtered('with a rare word, with accents', { search: 'Sámovår' }, sort),
      filtered('with a rare part of a Chinese name', { search: '热水' }, sort),
      filtered('with a common part of a Japanese name', { search: '緑茶' }, sort),
      filtered('with a common character', { search: '茶' }, sort),
      filtered('with common characters that are never adjacent', { search: '碗緑' }, sort),
      filtered('with a rare and a common part', { search: '热水壶 茶' }, sort),
      filtered('with a word that none has', { search: 'astrolabe' }, sort),
      filtered('at half of all prices', { minPrice: 500 }, sort),
      filtered('at a hundredth of all prices', priced, sort, SORTED),
    ]),
    page('order', "orders, a customer's", { token }),
    page('order', "orders, a customer's, of a status", ofStatus('DELIVERED', token)),
    page('order', 'orders, for an admin, of a rare status', ofStatus('PROCESSING', admin)),
    page('order', 'orders, for an admin, of a common status', ofStatus('DELIVERED', admin), SORTED),
    page('order', 'orders, for an admin, of a status that none has', ofStatus('SHIPPED', admin)),
    page('order', 'orders, for an admin, of a user', { filter: { userId: customerId }, token: admin }),
    list('product', 'list of products', '{ products { id } }', {}),
    list('order', "list of orders, a customer's", '{ orders { id items { id } } }', { token }),
    list('order', 'list of orders, for an admin', '{ orders { id items { id } } }', { token: admin }),
    list('user', 'list of users', '{ users { id } }', { token }),
    count('product', 'products', {}),
    count('product', 'products in stock', { filter: { inStock: true } }),
    count('product', 'products with a rare word', { filter: samovar }),
    count('product', 'products with a common word', { filter: steel }),
    count('product', 'products with a common part of a Japanese name', { filter: { search: '緑茶' } }),
    count('product', 'products at a hundredth of all prices', { filter: priced }),
    count('order', "a customer's orders", { token }),
    count('order', 'orders', { token: admin }),
    count('order', 'orders of a rare status', ofStatus('PROCESSING', admin)),
    count('user', 'users', { token }),
  ];
}
