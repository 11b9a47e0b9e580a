// The lists of the API, each with the most that one statement for it may read.
import { ask } from './stack.mjs';

/** For a page of 20, wherever in the list it is. */
const PAGE = { rows: 300, buffers: 400 };
/**
 * For one that no index has in order, or that lies behind what an index has before it: some is sorted, or passed over.
 * The prices are random: 21 of a hundredth lie among 2,100 rows on average, and now and then among 3,500.
 */
const SORTED = { rows: 6_000, buffers: 7_000 };
/** For a list of 1000 and what belongs to it. */
const LIST = { rows: 4_000, buffers: 8_000 };
/** Counting reads all that it counts. */
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

const queryOf = (service, selection) => {
  const { field, variables } = LISTS[service];
  return `query ($first: Int = 20, $after: String, ${variables}) { page: ${field} { ${selection} } }`;
};

/** The cursor that the 5,000th page of 20 begins after. */
async function page5000(stack, service, variables) {
  let after = null;
  for (const first of [...Array.from({ length: 999 }, () => 100), 80]) {
    const { page } = await ask(stack, queryOf(service, 'pageInfo { endCursor }'), { ...variables, first, after });
    after = page.pageInfo.endCursor;
  }
  return after;
}

export async function queries(stack, { token, id: customerId }, { token: admin }) {
  const page = (service, name, variables, most = PAGE) => {
    const selection = `edges { node { ${LISTS[service].node} } } pageInfo { hasNextPage }`;
    return { service, name, most, variables, query: queryOf(service, selection) };
  };
  const count = (service, name, variables) => {
    const query = queryOf(service, 'totalCount');
    return { service, name: `total of ${name}`, most: COUNT, variables, query, only: /^select count/ };
  };
  const list = (service, name, query, variables) => ({ service, name, most: LIST, query, variables });

  const { page: newest } = await ask(stack, queryOf('product', 'edges { node { seller { id } } }'), { first: 1 });
  const sellerId = newest.edges[0].node.seller.id;

  const throughout = [
    ...['NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'].map((sort) => ['product', `products by ${sort}`, { sort }]),
    ['order', 'orders, for an admin', { token: admin }],
    ['user', 'users', { token }],
  ];
  const cursors = await Promise.all(throughout.map(([service, , variables]) => page5000(stack, service, variables)));
  const filtered = (name, filter, sort = 'NEWEST', most = PAGE) =>
    page('product', `products ${name}, by ${sort}`, { filter, sort }, most);
  const [samovar, steel, priced] = [{ search: 'samovar' }, { search: 'steel' }, { minPrice: 500, maxPrice: 510 }];
  const ofStatus = (status, token) => ({ filter: { status }, token });

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
    count('product', 'products at a hundredth of all prices', { filter: priced }),
    count('order', "a customer's orders", { token }),
    count('order', 'orders', { token: admin }),
    count('order', 'orders of a rare status', ofStatus('PROCESSING', admin)),
    count('user', 'users', { token }),
  ];
}
