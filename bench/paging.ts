// npm run bench:paging: 10 clients page through 100,000 products while others add and delete some. Then it compares the CPU time
// of pages at the beginning and at the end.
import type { Client } from 'pg';
import { connectionsOf, cpuBetween, cpuTimes } from './cpu.ts';
import { fillProducts, PRODUCTS } from './fill.ts';
import { ask, connected, createProduct, signIn, startStack, type Person } from './stack.ts';

const SORTS = ['NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'];
const CLIENTS = 10;
const CHANGING = 4;
const TURNS = 8;
const PROCESSES = ['gateway', 'product service', 'PostgreSQL'];
const MAX_RATIO = 1.5;

const PAGE = `query ($first: Int, $after: String, $sort: ProductSort) {
  productConnection(first: $first, after: $after, sort: $sort) {
    edges { node { id name price stock } } pageInfo { hasNextPage endCursor }
  }
}`;

const stack = await startStack();
let db: Client | undefined;
let failed = false;
try {
  const seller = await signIn(stack);
  console.error('Filling the database');
  await fillProducts(stack, seller.id);
  db = await connected(stack.databaseUrl('product'));
  await readWhileOthersWrite(db, seller);
  await compareCpu(db);
} finally {
  await db?.end();
  await stack.stop();
}
process.exit(failed ? 1 : 0);

async function readWhileOthersWrite(db: Client, seller: Person) {
  const { rows } = await db.query<{ id: string }>('select id from products where deleted_at is null order by random()');
  const [doomed, lasting] = [rows.slice(0, 2_000), rows.slice(2_000)];
  const changes = { added: 0, deleted: 0, done: false };
  const began = performance.now();
  const reading = Promise.all(Array.from({ length: CLIENTS }, (_, i) => readAll(SORTS[i % SORTS.length] ?? '')));
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
      `${changes.deleted} deleted. Seen twice: ${twice}. Missed: ${missed}.\n`,
  );
}

async function readAll(sort: string) {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const { edges, pageInfo }: Page = await page({ sort, first: 100, after });
    ids.push(...edges.map(({ node }) => node.id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
}

interface Page {
  edges: { node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

async function page(variables: { sort: string; first: number; after: string | null }) {
  return (await ask<{ productConnection: Page }>(stack, PAGE, variables)).productConnection;
}

interface Changes {
  added: number;
  deleted: number;
  done: boolean;
}

/** Adds products everywhere in each sort order, and deletes as many old ones. */
async function change(seller: Person, doomed: { id: string }[], changes: Changes) {
  while (!changes.done) {
    const n = changes.added++;
    const input = { name: `Tea pot ${n % 5_000}`, price: (n % 1_000) + 0.5, description: '', stock: 1 };
    await createProduct(stack, seller, input);
    const old = doomed.pop();
    if (!old) continue;
    await ask(stack, 'mutation ($id: ID!) { deleteProduct(id: $id) { id } }', { token: seller.token, id: old.id });
    changes.deleted++;
  }
}

/** Reads pages of 20 at both ends of each sort, in turns. It reads no page twice, so none is cached. The first turn warms up. */
async function compareCpu(db: Client) {
  console.log('| CPU of a page of 20 | page 1 and on | page 4,500 and on | ratio |\n| --- | ---: | ---: | ---: |');
  for (const sort of SORTS) {
    const ends = [null, await nearTheEnd(sort)].map((after) => ({ after, cpu: PROCESSES.map(() => 0) }));
    for (let turn = 0; turn <= TURNS; turn++)
      for (const end of ends) {
        const before = await cpuByProcess(db);
        for (let i = 0; i < 50; i++) end.after = (await page({ sort, first: 20, after: end.after })).pageInfo.endCursor;
        const after = await cpuByProcess(db);
        if (turn === 0) continue;
        const spent = after.map((times, i) => cpuBetween(before[i] ?? times, times) / 50 / TURNS);
        end.cpu = end.cpu.map((ms, i) => ms + (spent[i] ?? 0));
      }
    for (const [i, name] of PROCESSES.entries()) {
      const [first = NaN, last = NaN] = ends.map(({ cpu }) => cpu[i]);
      failed ||= last / first > MAX_RATIO;
      console.log(
        `| ${sort}, ${name} | ${first.toFixed(2)} ms | ${last.toFixed(2)} ms | ${(last / first).toFixed(2)} |`,
      );
    }
  }
}

async function nearTheEnd(sort: string) {
  let after: string | null = null;
  for (let i = 0; i < 900; i++) after = (await page({ sort, first: 100, after })).pageInfo.endCursor;
  return after;
}

async function cpuByProcess(db: Client) {
  const { gateway, product } = stack.apps;
  const processes = [[gateway.child.pid ?? 0], [product.child.pid ?? 0], await connectionsOf(db)];
  return Promise.all(processes.map(cpuTimes));
}
