// npm run bench:fairness: how long well-behaved users wait for `me` while one address attacks as hard as its limits allow.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './quantile.ts';
import { connected, signIn, startStack, type Person } from './stack.ts';

const ROUNDS = 3;
const SLICE_MS = 10_000;
const QUIET_MS = 4_000;
const USERS = 35;
/** The average pause between two requests of one user. With 67 requests a minute, no user reaches RATE_LIMIT by chance. */
const THINK_MS = 900;
const ATTACKERS = 8;
const MAX_RATIO = 2;
const PRODUCTS = 1_000;

/**
 * An attacker may use its limits for a minute all at once. A slice is a sixth of a minute, so the limits are a sixth of
 * production's: the attack takes the same share of a slice as it would of a minute.
 */
const environment = {
  TRUST_PROXY: 'loopback',
  GRAPHIQL: 'false',
  RATE_LIMIT: '100',
  COST_LIMIT: '116667',
  LOGIN_RATE_LIMIT: '5',
  ADDRESS_RATE_LIMIT: '200',
  ADDRESS_COST_LIMIT: '166667',
};

const aliased = (count: number, field: string) => Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
const sellers = (times: number) => `{ products { ${aliased(times, 'seller { id }')} } }`;
/** The largest query that fits into one caller's limit, and one that fits twice into the address's limit. */
const LARGEST = sellers(5);
const HALF_OF_ADDRESS = sellers(3);

const addressOfUser = (i: number) => `203.0.113.${i + 1}`;
const unknownToken = () => {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'ES256', kid: randomUUID() })}.${part({ sub: randomUUID() })}.${randomBytes(64).toString('base64url')}`;
};

interface Round {
  quiet: number;
  attacked: number;
  answered: number;
  refused: number;
}

interface Request {
  query: string;
  token?: string;
}

const stack = await startStack({ environment });
let failed = false;
try {
  const from = (address: string) => ({ ...stack, headers: { 'x-forwarded-for': address } });
  const users = await Promise.all(Array.from({ length: USERS }, (_, i) => signIn(from(addressOfUser(i)))));
  const accounts = await Promise.all(Array.from({ length: 3 * ROUNDS }, (_, i) => signIn(from(`192.0.2.${i + 1}`))));
  await fill((await signIn(stack)).id);

  const attacks: Record<string, (i: number, round: number) => Request> = {
    'the largest query': () => ({ query: LARGEST }),
    'documents that are not valid': () => ({ query: `{ ${aliased(25, `n${randomBytes(4).toString('hex')}`)} }` }),
    'tokens of unknown keys': () => ({ query: '{ me { id } }', token: unknownToken() }),
    'three accounts': (i, round) => ({ query: HALF_OF_ADDRESS, token: accounts[3 * round + (i % 3)]?.token }),
  };
  const measured = Object.entries(attacks).map(([name, attack]) => ({ name, attack, rounds: [] as Round[] }));
  await me(users, QUIET_MS); // to warm up
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, { attack, rounds }] of measured.entries()) {
      const quiet = await me(users, QUIET_MS);
      // Each attack comes from an address whose limits are unused.
      const stop = new AbortController();
      const attacking = flood(`198.51.${round}.${index + 1}`, (i) => attack(i, round), stop.signal);
      // Together, so that the error of one is not hidden by the end of the other.
      const [attacked, sum] = await Promise.all([me(users, SLICE_MS).finally(() => stop.abort()), attacking]);
      rounds.push({ quiet: quantile(quiet, 0.95), attacked: quantile(attacked, 0.95), ...sum });
    }

  console.log("| one address sends | answered | refused | others' p95, quiet | attacked | ratio |");
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const { name, rounds } of measured) {
    const of = (value: (round: Round) => number) => quantile(rounds.map(value), 0.5);
    const ratio = of(({ quiet, attacked }) => attacked / quiet);
    failed ||= ratio > MAX_RATIO;
    const ms = (value: (round: Round) => number) => `${of(value).toFixed(1)} ms`;
    console.log(
      `| ${name} | ${of((r) => r.answered)} | ${of((r) => r.refused)} | ${ms((r) => r.quiet)} | ${ms((r) => r.attacked)} | ${ratio.toFixed(2)} |`,
    );
  }
} finally {
  await stack.stop();
}
process.exit(failed ? 1 : 0);

/** How long each request took, in milliseconds, from when it was due. */
async function me(users: Person[], forMs: number) {
  const until = performance.now() + forMs;
  const taken: number[] = [];
  const useUntilOver = async ({ token }: Person, i: number) => {
    for (let due = performance.now() + Math.random() * THINK_MS; due < until; due += THINK_MS * 2 * Math.random()) {
      await sleep(Math.max(0, due - performance.now()));
      const { status, body } = await post(addressOfUser(i), { query: '{ me { id name } }', token });
      if (status !== 200 || body.includes('errors')) throw new Error(`A user was answered ${status}: ${body}`);
      taken.push(performance.now() - due);
    }
  };
  await Promise.all(users.map(useUntilOver));
  return taken;
}

async function flood(address: string, attack: (i: number) => Request, signal: AbortSignal) {
  const sum = { answered: 0, refused: 0 };
  const one = async (i: number) => {
    while (!signal.aborted) {
      const { body } = await post(address, attack(i));
      if (!body.includes('RATE_LIMITED')) sum.answered++;
      else if (sum.refused++ > ATTACKERS) await sleep(100);
    }
  };
  await Promise.all(Array.from({ length: ATTACKERS }, (_, i) => one(i)));
  return sum;
}

async function post(address: string, { query, token }: Request) {
  const response = await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-forwarded-for': address,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query }),
  });
  return { status: response.status, body: await response.text() };
}

async function fill(sellerId: string) {
  const db = await connected(stack.databaseUrl('product'));
  await db.query(
    `insert into products (id, name, unit_price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Tea ' || i, 100, 1, '', $1, 1, now(), now() from generate_series(1, ${PRODUCTS}) i`,
    [sellerId],
  );
  await db.end();
}
