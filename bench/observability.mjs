// npm run bench:observability: what metrics and traces cost, of two stacks side by side: one has them, the other has neither.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { services } from '../scripts/workspace.mjs';
import { cpuTimes } from './cpu.mjs';
import { ask, connected, signIn, startStack } from './stack.mjs';

const { values: options } = parseArgs({ options: { turns: { type: 'string', default: '4' } } });
const TURNS = Number(options.turns);
const WARM_UP = 3;
/** Of a turn: what else the machine does comes and goes within seconds, and is to meet both stacks. */
const SLICES = 10;
const CLIENTS = 8;
/** As Prometheus does. */
const SCRAPE_MS = 15_000;
const MOST_COST = 0.1;

const NO_METRICS = { nodeOptions: ['--import', './bench/without-metrics.mjs'] };
const TRACES = { OTEL_EXPORTER_OTLP_ENDPOINT: await startCollector() };
const DEFAULT = 'metrics and traces';
/** As many pairs of stacks, one after the other: a process is faster or slower than its like for as long as it runs. */
const VARIANTS = {
  [DEFAULT]: { pairs: 6, environment: TRACES },
  'metrics and every trace': { pairs: 2, environment: { ...TRACES, OTEL_TRACES_SAMPLER_ARG: '1' } },
  'metrics alone': { pairs: 2 },
};

const PLACE = 'mutation ($input: OrderInput!) { placeOrder(input: $input) { id status total } }';
const PRODUCTS = `query ($filter: ProductFilter) {
  productConnection(filter: $filter) { edges { node { id name price stock } } pageInfo { hasNextPage endCursor } }
}`;
const ORDERS = `{
  orderConnection { edges { node { id status total items { quantity price product { name } } } } pageInfo { endCursor } }
}`;

/** Operations a turn, and what each asks for; no two filters are the same, so that no page is in the cache. */
const LOADS = {
  placeOrder: {
    operations: 150,
    ask: (shop) =>
      ask(shop, PLACE, { token: shop.token, input: { items: [{ productId: shop.productId, quantity: 1 }] } }),
    settled: ordersAreProcessed,
  },
  'products, cached': { operations: 600, ask: (shop) => ask(shop, PRODUCTS) },
  'products, not cached': {
    operations: 300,
    ask: (shop) => ask(shop, PRODUCTS, { filter: { maxPrice: 1_000 + shop.asked++ / 100 } }),
  },
  orders: { operations: 200, ask: (shop) => ask(shop, ORDERS, { token: shop.token }) },
};

let failed = false;
for (const [name, variant] of Object.entries(VARIANTS)) {
  const turns = new Map(Object.keys(LOADS).map((load) => [load, []]));
  for (let pair = 0; pair < variant.pairs; pair++) await takeTurns(variant, turns);
  console.log(
    `\n| ${[`CPU an operation: ${name}`, ...services, 'all', 'cost', 'half of the turns', 'throughput'].join(' | ')} |`,
  );
  console.log(`| --- |${' ---: |'.repeat(services.length + 4)}`);
  for (const [load, taken] of turns) {
    const { cells, cost } = compare(taken, LOADS[load]);
    console.log(`| ${[load, ...cells].join(' | ')} |`);
    if (name === DEFAULT) failed ||= cost > MOST_COST;
  }
}
process.exit(failed ? 1 : 0);

/** Of two new stacks, for each load. */
async function takeTurns(variant, turns) {
  const shops = [];
  const scraping = setInterval(() => void scrape(shops[1]), SCRAPE_MS);
  try {
    for (const options of [NO_METRICS, variant]) shops.push(await openShop(options));
    for (const [load, taken] of turns) {
      for (let turn = 0; turn < WARM_UP; turn++) await takeTurn(shops, LOADS[load]);
      for (let turn = 0; turn < TURNS; turn++) taken.push(await takeTurn(shops, LOADS[load]));
    }
  } finally {
    clearInterval(scraping);
    await Promise.all(shops.map((shop) => shop.close()));
  }
}

/** A stack with products and somebody who buys them. */
async function openShop(options) {
  const environment = { ...options.environment, DATABASE_POOL_SIZE: '5' };
  const stack = await startStack({ ...options, environment });
  try {
    const { token } = await signIn(stack);
    const create = 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }';
    let productId;
    for (let n = 0; n < 30; n++) {
      const input = { name: `Tea pot ${n}`, price: 10, description: 'Made of steel', stock: 1_000_000 };
      productId = (await ask(stack, create, { token, input })).createProduct.id;
    }
    const db = await connected(stack.databaseUrl('order'));
    const close = async () => {
      await db.end();
      await stack.stop();
    };
    return { ...stack, token, productId, db, asked: 0, close };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The medians of turns, each of both stacks. */
function compare(turns, { operations }) {
  const cells = services.map((_, app) => {
    const [without, having] = [0, 1].map((i) => median(turns.map((pair) => pair[i].cpu[app] / operations)));
    return `${without.toFixed(2)} → ${having.toFixed(2)}`;
  });
  const all = turns.map((pair) => pair.map(({ cpu }) => cpu.reduce((sum, ms) => sum + ms, 0)));
  const [without, having] = [0, 1].map((i) => median(all.map((pair) => pair[i] / operations)));
  const costs = all.map(([without, having]) => having / without - 1);
  const throughput = median(turns.map(([without, having]) => without.seconds / having.seconds));
  cells.push(`${without.toFixed(2)} → ${having.toFixed(2)} ms`, `${percent(median(costs))} %`);
  cells.push(`${percent(quantile(costs, 0.25))} to ${percent(quantile(costs, 0.75))} %`, throughput.toFixed(2));
  return { cells, cost: median(costs) };
}

/**
 * Both take their part of a turn in slices, and by turns.
 * @returns of each, the milliseconds of CPU that its services have taken and the seconds that passed.
 */
async function takeTurn(shops, load) {
  const taken = shops.map(() => ({ cpu: services.map(() => 0), seconds: 0 }));
  for (let slice = 0; slice < SLICES; slice++) {
    const order = slice % 2 === 0 ? [0, 1] : [1, 0];
    for (const i of order) {
      const before = await cpuOf(shops[i]);
      taken[i].seconds += await run(shops[i], load);
      const after = await cpuOf(shops[i]);
      taken[i].cpu = taken[i].cpu.map((ms, app) => ms + after[app] - before[app]);
    }
  }
  return taken;
}

/** @returns seconds */
async function run(shop, { operations, ask, settled }) {
  const began = performance.now();
  let left = operations / SLICES;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (left-- > 0) await ask(shop);
    }),
  );
  await settled?.(shop);
  return (performance.now() - began) / 1_000;
}

/** An order is done when its events are. */
async function ordersAreProcessed({ db }) {
  const sql = `select exists (select from orders where status = 'PENDING') or exists (select from outbox) as waits`;
  while ((await db.query(sql)).rows[0].waits) await sleep(10);
}

/** What each service has used so far, in milliseconds. */
async function cpuOf({ apps }) {
  const times = await cpuTimes(services.map((name) => apps[name].child.pid));
  return [...times.values()];
}

async function scrape(shop) {
  const scraped = Object.values(shop?.apps ?? {}).map(async ({ url }) => (await fetch(`${url}/metrics`)).text());
  await Promise.allSettled(scraped);
}

async function startCollector() {
  const collector = fork(new URL('drop-traces.mjs', import.meta.url), { stdio: ['ignore', 'ignore', 2, 'ipc'] });
  const [url] = await once(collector, 'message');
  collector.unref();
  collector.channel.unref();
  return url;
}

function median(numbers) {
  return quantile(numbers, 0.5);
}

function quantile(numbers, q) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at % 1);
}

function percent(ratio) {
  return (ratio * 100).toFixed(1);
}
