// npm run bench:paging: 10 clients page through 100,000 products while others are added and deleted; and what a page costs
// at the beginning and at the end.
import { connectionsOf, cpuBetween, cpuTimes } from './cpu.mjs';
import { fillProducts, PRODUCTS } from './fill.mjs';
import { ask, connected, signIn, startStack } from './stack.mjs';

const SORTS = ['NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'];
const CLIENTS = 10;
const CHANGING = 4;
const TURNS = 8;
const PROCESSES = ['gateway', 'product service', 'PostgreSQL'];
const MOST_RATIO = 1.5;

const PAGE = `query ($first: Int, $after: String, $sort: ProductSort) {
  productConnection(first: $first, after: $after, sort: $sort) {
    edges { node { id name price stock } } pageInfo { hasNextPage endCursor }
  }
}`;

const stack = await startStack();
let db;
let failed = false;
try {
  const seller = await signIn(stack);
  console.error('Filling the database');
  await fillProducts(stack, seller.id);
  db = await connected(stack.databaseUrl('product'));
  await readWhileOthersWrite(seller);
  await compareCpu();
} finally {
  await db?.end();
  await stack.stop();
}
process.exit(failed ? 1 : 0);

async function readWhileOthersWrite(seller) {
  const { rows } = await db.query('select id from products where deleted_at is null order by random()');
  const [doomed, lasting] = [rows.slice(0, 2_000), rows.slice(2_000)];
  const changes = { added: 0, deleted: 0, done: false };
  const began = performance.now();
  const reading = Promise.all(Array.from({ length: CLIENTS }, (_, i) => readAll(SORTS[i % SORTS.length])));
  const [reads] = await Promise.all([
    reading.finally(() => (changes.done = true)),
    ...Array.from({ length: CHANGING }, () => change(seller, doomed, changes)),
  ]);
  const seconds = (performance.now() - began) / 1_000;

  const twice = reads.reduce((sum, ids) => sum + ids.length - new Set(ids).size, 0);
  const missed = reads.reduce((sum, ids) => {
    const seen = new Set(ids);
    return sum + lasting.filter(({ id }) => !seen.has(id)).length;
  }, 0);
  failed ||= twice > 0 || missed > 0;
  console.log(
    `${CLIENTS} clients read ${PRODUCTS} products each in ${seconds.toFixed(0)} s, while ${changes.added} were added and ` +
      `${changes.deleted} deleted: ${twice} were seen twice, ${missed} missed.\n`,
  );
}

async function readAll(sort) {
  const ids = [];
  for (let after = null; ;) {
    const { edges, pageInfo } = await page({ sort, first: 100, after });
    ids.push(...edges.map(({ node }) => node.id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
}

async function page(variables) {
  return (await ask(stack, PAGE, variables)).productConnection;
}

/** Adds products all over the sorts, and deletes as many of the old ones. */
async function change({ token }, doomed, changes) {
  while (!changes.done) {
    const n = changes.added++;
    const input = { name: `Tea pot ${n % 5_000}`, price: (n % 1_000) + 0.5, description: '', stock: 1 };
    await ask(stack, 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }', { token, input });
    const old = doomed.pop();
    if (!old) continue;
    await ask(stack, 'mutation ($id: ID!) { deleteProduct(id: $id) { id } }', { token, id: old.id });
    changes.deleted++;
  }
}

/** Pages of 20 in turns at both ends of each sort, none twice, so that none is in the cache; the first turn is to warm up. */
async function compareCpu() {
  console.log('| CPU of a page of 20 | page 1 and on | page 4,500 and on | ratio |\n| --- | ---: | ---: | ---: |');
  for (const sort of SORTS) {
    const ends = [{ after: null }, { after: await nearTheEnd(sort) }];
    for (let turn = 0; turn <= TURNS; turn++)
      for (const end of ends) {
        const before = await cpuByProcess();
        for (let i = 0; i < 50; i++) end.after = (await page({ sort, first: 20, after: end.after })).pageInfo.endCursor;
        const after = await cpuByProcess();
        const spent = PROCESSES.map((_, i) => cpuBetween(before[i], after[i]) / 50 / TURNS);
        end.cpu = turn === 0 ? spent.map(() => 0) : end.cpu.map((ms, i) => ms + spent[i]);
      }
    for (const [i, name] of PROCESSES.entries()) {
      const [first, last] = ends.map(({ cpu }) => cpu[i]);
      failed ||= last / first > MOST_RATIO;
      console.log(
        `| ${sort}, ${name} | ${first.toFixed(2)} ms | ${last.toFixed(2)} ms | ${(last / first).toFixed(2)} |`,
      );
    }
  }
}

async function nearTheEnd(sort) {
  let after = null;
  for (let i = 0; i < 900; i++) after = (await page({ sort, first: 100, after })).pageInfo.endCursor;
  return after;
}

async function cpuByProcess() {
  const { gateway, product } = stack.apps;
  const processes = [[gateway.child.pid], [product.child.pid], await connectionsOf(db)];
  return Promise.all(processes.map(cpuTimes));
}
