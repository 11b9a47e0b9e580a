// npm run bench:observability: what metrics and traces cost. It compares two stacks side by side, with and without them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { APPS } from '../libs/contracts/src/services.ts';
import { cpuTimes } from './cpu.ts';
import { quantile } from './quantile.ts';
import { ask, connected, createProduct, signIn, startStack, type StackOptions } from './stack.ts';

const { values: options } = parseArgs({ options: { turns: { type: 'string', default: '4' } } });
const TURNS = Number(options.turns);
const WARM_UP = 3;
/** Slices of a turn. Other load on the machine changes within seconds, so both stacks get their share of it. */
const SLICES = 10;
const CLIENTS = 8;
/** Prometheus's interval. */
const SCRAPE_MS = 15_000;
const MAX_COST = 0.1;

const NO_METRICS = { nodeOptions: ['--import', './bench/without-metrics.ts'] };
const TRACES = { OTEL_EXPORTER_OTLP_ENDPOINT: await startCollector() };
const DEFAULT = 'metrics and traces';

interface Variant extends StackOptions {
  /** Pairs of stacks, one after the other: some processes stay faster or slower than others for as long as they run. */
  pairs: number;
}

const VARIANTS: Record<string, Variant> = {
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

type Shop = Awaited<ReturnType<typeof openShop>>;

interface Load {
  /** Per turn. */
  operations: number;
  ask: (shop: Shop) => Promise<unknown>;
  settled?: (shop: Shop) => Promise<void>;
}

/** What one stack used in a turn: CPU in milliseconds of each app, and the time that passed. */
interface Taken {
  cpu: number[];
  seconds: number;
}

type Pair<T> = [without: T, having: T];

const LOADS: Record<string, Load> = {
  placeOrder: {
    operations: 150,
    ask: (shop) =>
      ask(shop, PLACE, { token: shop.token, input: { items: [{ productId: shop.productId, quantity: 1 }] } }),
    settled: ordersAreProcessed,
  },
  'products, cached': { operations: 600, ask: (shop) => ask(shop, PRODUCTS) },
  'products, not cached': {
    operations: 300,
    // Each filter is different, so no page is cached.
    ask: (shop) => ask(shop, PRODUCTS, { filter: { maxPrice: 1_000 + shop.asked++ / 100 } }),
  },
  orders: { operations: 200, ask: (shop) => ask(shop, ORDERS, { token: shop.token }) },
};

let failed = false;
for (const [name, variant] of Object.entries(VARIANTS)) {
  const turns = Object.entries(LOADS).map(([name, load]) => ({ name, load, taken: [] as Pair<Taken>[] }));
  for (let pair = 0; pair < variant.pairs; pair++) await takeTurns(variant, turns);
  console.log(
    `\n| ${[`CPU an operation: ${name}`, ...APPS, 'all', 'cost', 'half of the turns', 'throughput'].join(' | ')} |`,
  );
  console.log(`| --- |${' ---: |'.repeat(APPS.length + 4)}`);
  for (const { name: title, load, taken } of turns) {
    const { cells, cost } = compare(taken, load);
    console.log(`| ${[title, ...cells].join(' | ')} |`);
    if (name === DEFAULT) failed ||= cost > MAX_COST;
  }
}
process.exit(failed ? 1 : 0);

/** Turns of each load on a new pair of stacks. */
async function takeTurns(variant: Variant, turns: { load: Load; taken: Pair<Taken>[] }[]) {
  const without = await openShop(NO_METRICS);
  try {
    const having = await openShop(variant);
    const scraping = setInterval(() => void scrape(having), SCRAPE_MS);
    try {
      for (const { load, taken } of turns) {
        for (let turn = 0; turn < WARM_UP; turn++) await takeTurn([without, having], load);
        for (let turn = 0; turn < TURNS; turn++) taken.push(await takeTurn([without, having], load));
      }
    } finally {
      clearInterval(scraping);
      await having.close();
    }
  } finally {
    await without.close();
  }
}

/** A stack with products and a customer. */
async function openShop(options: StackOptions) {
  const environment = { ...options.environment, DATABASE_POOL_SIZE: '5' };
  const stack = await startStack({ ...options, environment });
  try {
    const seller = await signIn(stack);
    let productId = '';
    for (let n = 0; n < 30; n++) {
      const input = { name: `Tea pot ${n}`, price: 10, description: 'Made of steel', stock: 1_000_000 };
      productId = await createProduct(stack, seller, input);
    }
    const db = await connected(stack.databaseUrl('order'));
    const close = async () => {
      await db.end();
      await stack.stop();
    };
    return { ...stack, token: seller.token, productId, db, asked: 0, close };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The medians of the turns of both stacks. */
function compare(turns: Pair<Taken>[], { operations }: Load) {
  const medians = (cpuOf: (taken: Taken) => number) =>
    [0, 1]
      .map((i) => median(turns.map((pair) => cpuOf(pair[i === 0 ? 0 : 1]) / operations)))
      .map((ms) => ms.toFixed(2))
      .join(' → ');
  const sum = ({ cpu }: Taken) => cpu.reduce((total, ms) => total + ms, 0);
  const costs = turns.map(([without, having]) => sum(having) / sum(without) - 1);
  const throughput = median(turns.map(([without, having]) => without.seconds / having.seconds));
  const cells = [
    ...APPS.map((_, app) => medians(({ cpu }) => cpu[app] ?? NaN)),
    `${medians(sum)} ms`,
    `${percent(median(costs))} %`,
    `${percent(quantile(costs, 0.25))} to ${percent(quantile(costs, 0.75))} %`,
    throughput.toFixed(2),
  ];
  return { cells, cost: median(costs) };
}

/** Both stacks run their part of a turn in slices, and take turns. */
async function takeTurn(shops: Pair<Shop>, load: Load): Promise<Pair<Taken>> {
  const newTaken = (): Taken => ({ cpu: APPS.map(() => 0), seconds: 0 });
  const taken: Pair<Taken> = [newTaken(), newTaken()];
  for (let slice = 0; slice < SLICES; slice++)
    for (const i of slice % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
      const before = await cpuOf(shops[i]);
      taken[i].seconds += await run(shops[i], load);
      const after = await cpuOf(shops[i]);
      taken[i].cpu = taken[i].cpu.map((ms, app) => ms + (after[app] ?? NaN) - (before[app] ?? NaN));
    }
  return taken;
}

/** @returns seconds. */
async function run(shop: Shop, { operations, ask, settled }: Load) {
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

/** Waits until all orders and their events are processed. */
async function ordersAreProcessed({ db }: Shop) {
  const sql = `select exists (select from orders where status = 'PENDING') or exists (select from outbox) as waits`;
  while ((await db.query<{ waits: boolean }>(sql)).rows[0]?.waits) await sleep(10);
}

/** The CPU time of each app so far, in milliseconds. */
async function cpuOf({ apps }: Shop) {
  const times = await cpuTimes(APPS.map((name) => apps[name].child.pid ?? 0));
  return [...times.values()];
}

async function scrape({ apps }: Shop) {
  const scraped = Object.values(apps).map(async ({ url }) => (await fetch(`${url}/metrics`)).text());
  await Promise.allSettled(scraped);
}

async function startCollector(): Promise<string> {
  const collector = fork(new URL('drop-traces.ts', import.meta.url), { stdio: ['ignore', 'ignore', 2, 'ipc'] });
  const [url] = await once(collector, 'message');
  collector.unref();
  collector.channel?.unref();
  return url;
}

function median(numbers: number[]) {
  return quantile(numbers, 0.5);
}

function percent(ratio: number) {
  return (ratio * 100).toFixed(1);
}
