// npm run bench:fairness: what well-behaved users wait for `me` while one address does the most that its limits allow.
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connected, signIn, startStack } from './stack.mjs';

const ROUNDS = 3;
const SLICE_MS = 10_000;
const QUIET_MS = 4_000;
const USERS = 35;
/** Between two requests of one user, on average: less than a user's own limit. */
const THINK_MS = 700;
const ATTACKERS = 8;
const MAX_RATIO = 2;
const PRODUCTS = 1_000;

/**
 * An attacker may use what it has in a minute all at once. A slice is a sixth of a minute, so the limits are a sixth of those
 * of production: it takes the same share of a slice as it would of a minute.
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

const aliased = (count, field) => Array.from({ length: count }, (_, i) => `a${i}: ${field}`).join(' ');
const sellers = (times) => `{ products { ${aliased(times, 'seller { id }')} } }`;
/** The largest that one caller has room for, and one that the address has room for twice. */
const LARGEST = sellers(5);
const HALF_OF_ADDRESS = sellers(3);

const addressOfUser = (i) => `203.0.113.${i + 1}`;
const unknownToken = () => {
  const part = (json) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'ES256', kid: randomUUID() })}.${part({ sub: randomUUID() })}.${randomBytes(64).toString('base64url')}`;
};

const stack = await startStack({ environment });
let failed = false;
try {
  const from = (address) => ({ ...stack, headers: { 'x-forwarded-for': address } });
  const users = await Promise.all(Array.from({ length: USERS }, (_, i) => signIn(from(addressOfUser(i)))));
  const accounts = await Promise.all(Array.from({ length: 3 * ROUNDS }, (_, i) => signIn(from(`192.0.2.${i + 1}`))));
  await fill(users[0].id);

  const attacks = {
    'the largest query': () => ({ query: LARGEST }),
    'documents that are not valid': () => ({ query: `{ ${aliased(25, `n${randomBytes(4).toString('hex')}`)} }` }),
    'tokens of unknown keys': () => ({ query: '{ me { id } }', token: unknownToken() }),
    'three accounts': (i, round) => ({ query: HALF_OF_ADDRESS, token: accounts[3 * round + (i % 3)].token }),
  };
  const measured = new Map(Object.keys(attacks).map((name) => [name, []]));
  await me(users, QUIET_MS); // to warm up
  for (let round = 0; round < ROUNDS; round++)
    for (const [index, [name, attack]] of Object.entries(attacks).entries()) {
      const quiet = await me(users, QUIET_MS);
      // From an address that has used none of its limits.
      const stop = new AbortController();
      const attacking = flood(`198.51.${round}.${index + 1}`, (i) => attack(i, round), stop.signal);
      const attacked = await me(users, SLICE_MS);
      stop.abort();
      measured.get(name).push({ quiet: p95(quiet), attacked: p95(attacked), ...(await attacking) });
    }

  console.log("| one address sends | answered | refused | others' p95, quiet | attacked | ratio |");
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, rounds] of measured) {
    const of = (value) => median(rounds.map(value));
    const ratio = of(({ quiet, attacked }) => attacked / quiet);
    failed ||= ratio > MAX_RATIO;
    const ms = (value) => `${of(value).toFixed(1)} ms`;
    console.log(
      `| ${name} | ${of((r) => r.answered)} | ${of((r) => r.refused)} | ${ms((r) => r.quiet)} | ${ms((r) => r.attacked)} | ${ratio.toFixed(2)} |`,
    );
  }
} finally {
  await stack.stop();
}
process.exit(failed ? 1 : 0);

/** What each request took, in milliseconds, from when it was due. */
async function me(users, forMs) {
  const until = performance.now() + forMs;
  const taken = [];
  const useUntilOver = async ({ token }, i) => {
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

async function flood(address, attack, signal) {
  const sum = { answered: 0, refused: 0 };
  const one = async (i) => {
    while (!signal.aborted) {
      const { body } = await post(address, attack(i));
      if (!body.includes('RATE_LIMITED')) sum.answered++;
      else if (sum.refused++ > ATTACKERS) await sleep(100);
    }
  };
  await Promise.all(Array.from({ length: ATTACKERS }, (_, i) => one(i)));
  return sum;
}

async function post(address, { query, token }) {
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

async function fill(sellerId) {
  const db = await connected(stack.databaseUrl('product'));
  await db.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Tea ' || i, 100, 1, '', $1, 1, now(), now() from generate_series(1, ${PRODUCTS}) i`,
    [sellerId],
  );
  await db.end();
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

function p95(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)];
}
