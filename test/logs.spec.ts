import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from './app-process.js';
import { Client, newCustomer, type Customer } from './client.js';
import { LiveClient } from './live-client.js';
import { startStack, type Stack } from './stack.js';
import { StandaloneStack } from './standalone-stack.js';

let stack: Stack;
let customer: Customer;

beforeAll(async () => {
  // The most detailed level.
  stack = await startStack({ environment: { LOG_LEVEL: 'verbose' } });
  customer = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

const PROFILE = {
  bio: 'Unlikely to be read anywhere',
  shippingAddress: '17 Unlikely Crescent',
  pincode: '907 3351',
  city: 'Nowhereville',
  country: 'Ruritania',
  phoneNumber: '+91 80 5550 1234',
};

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

const LOGIN = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken refreshToken } }';
const REFRESH = 'mutation ($token: String!) { refreshTokens(refreshToken: $token) { accessToken refreshToken } }';
const REGISTER = 'mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }';
const CHANGE = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { accessToken } }';

test('logs contain no personal data, also after errors', async () => {
  const anybody = new Client(stack.url);
  const { email, password } = customer;
  const given = {
    email,
    password,
    ...PROFILE,
    name: 'Unlikely Name',
    key: `key-${randomUUID()}`,
    description: 'An unlikely pot',
  };
  const wrong = {
    password: 'a wrong password, mistyped',
    email: 'no e-mail at unlikely.example',
    token: randomBytes(32).toString('hex'),
  };
  const { loginUser: first } = await anybody.data<{ loginUser: Tokens }>(LOGIN, { input: { email, password } });
  await customer.updateProfile({ ...PROFILE, name: given.name });
  const product = await customer.createProduct({ description: given.description });
  const line = { productId: product.id, quantity: 1 };
  const order = await customer.placeOrderOnce(given.key, line);

  // Rejected by validation, a password, a token, a key, stored data.
  for (let i = 0; i < 6; i++) await anybody.refusal(LOGIN, { input: { email, password: wrong.password } });
  await anybody.refusal(REGISTER, { input: { name: 'Twin', email, password } });
  await anybody.refusal(REGISTER, { input: { name: 'Nobody', email: wrong.email, password: '' } });
  await anybody.refusal(REGISTER, { input: { email, passwort: password } });
  await customer.refusal(CHANGE, {
    input: { currentPassword: wrong.password, newPassword: 'another unlikely password' },
  });
  const { refreshTokens: second } = await anybody.data<{ refreshTokens: Tokens }>(REFRESH, {
    token: first.refreshToken,
  });
  await anybody.data(REFRESH, { token: second.refreshToken });
  await anybody.refusal(REFRESH, { token: first.refreshToken });
  await anybody.refusal(REFRESH, { token: wrong.token });
  await new Client(stack.url, `${first.accessToken}x`).refusal('{ me { id } }');
  await new Client(stack.url, wrong.token).refusal('{ me { id } }');
  await customer.refusal('mutation ($input: OrderInput!) { placeOrder(input: $input) { id } }', {
    input: { items: [{ ...line, quantity: 2 }], idempotencyKey: given.key },
  });
  await customer.refusal(`mutation { updateOrderStatus(id: "${order.id}", status: SHIPPED) { id } }`);

  // Not GraphQL, not JSON, not an endpoint.
  await anybody.post(`{ "query": "{ user(id: ${email}", "password": "${password}" }`);
  await anybody.post(JSON.stringify({ query: `{ loginUser(email: "${email}", password: "${password}") }` }));
  const query = new URLSearchParams({ query: LOGIN, variables: JSON.stringify({ input: { email, password } }) });
  for (const path of [`graphql?${query}`, `reset?email=${email}&token=${wrong.token}`])
    await fetch(`${stack.url}/${path}`, { headers: { authorization: `Bearer ${customer.token}` } });

  // WebSockets, with a valid token and invalid ones.
  const live = new LiveClient(stack.url, customer.token!);
  await live.listening();
  live.subscribe(`subscription { orderUpdated(id: "${PROFILE.city}") { id } }`);
  await live.listening();
  await live.close();
  for (const params of [wrong.token, { Authorization: password, email }])
    await new LiveClient(stack.url, params).closed;

  const secrets = [...Object.values(given), ...Object.values(wrong), 'another unlikely password'];
  for (const { accessToken, refreshToken } of [first, second]) secrets.push(accessToken, refreshToken);
  const output = await stack.output();
  for (const secret of [...secrets, customer.token!])
    for (const spelt of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)])
      expect(output).not.toContain(spelt);
  expect(output).toMatch(/DEBUG|TRACE/);
});

test('log lines are JSON in production and readable elsewhere, with the ids of their request', async () => {
  const [MANAGEMENT_PORT] = await freePorts(1);
  const environment = {
    NODE_ENV: 'production',
    LOG_LEVEL: 'debug',
    MANAGEMENT_PORT: MANAGEMENT_PORT!,
    PASSWORD_HASH_MEMORY_KIB: '19456',
  };
  const production = await StandaloneStack.start(environment);
  let seller: Customer;
  try {
    seller = await newCustomer(production.url);
    await inItsDatabase(production, 'bazaar_product', 'alter table products rename to something_else');
    const create = 'mutation ($input: ProductInput!) { createProduct(input: $input) { id } }';
    const input = { name: 'Pot', price: 1, description: '', stock: 1 };
    await expect(seller.refusal(create, { input })).rejects.toThrow('INTERNAL_SERVER_ERROR');
  } finally {
    await production.stop();
  }

  const lines = (await production.output())
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, string>);
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines)
    expect(line).toMatchObject({
      level: expect.stringMatching(/^(debug|info|warn|error)$/),
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      service: 'standalone',
      msg: expect.any(String),
    });
  const [atTheService, atTheGateway] = ['product.create', 'createProduct'].map((pattern) =>
    lines.find((line) => line.level === 'error' && line.pattern === pattern),
  );
  expect(atTheGateway).toMatchObject({
    userId: seller.id,
    requestId: expect.stringMatching(/^req-/),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  const { userId, requestId, traceId } = atTheGateway!;
  expect(atTheService).toMatchObject({ userId, requestId, traceId });
  expect(await stack.output()).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] DEBUG: \[\w+\] \w/m);
});

/** Runs SQL in the standalone's PostgreSQL. */
async function inItsDatabase({ folder }: StandaloneStack, database: string, sql: string): Promise<void> {
  const password = await readFile(join(folder, 'postgres', 'password'), 'utf8');
  const [, , , port] = (await readFile(join(folder, 'postgres', 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const client = new pg.Client(`postgres://postgres:${password.trim()}@127.0.0.1:${port}/${database}`);
  await client.connect();
  await client.query(sql);
  await client.end();
}
