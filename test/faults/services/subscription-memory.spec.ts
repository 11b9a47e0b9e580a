import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { newCustomer, newCustomers, type Customer } from '../../client.js';
import { LiveClient } from '../../live-client.js';
import { ServicesStack } from '../../services-stack.js';

/** The memory limit of a gateway's container. */
const MEMORY_LIMIT = 512 * 2 ** 20;
const ATTACKERS = 2;
/** The most that the gateway allows. */
const SOCKETS_OF_A_USER = 10;
const SUBSCRIPTIONS_OF_A_SOCKET = 20;
const WITH_DESCRIPTIONS = 'subscription { orderUpdated { id status items { product { description } } } }';

let stack: ServicesStack;
let attackers: Customer[];
let honest: Customer;
let clients: LiveClient[];

beforeAll(async () => {
  // The heap that Node takes by itself in a container of this size.
  stack = await ServicesStack.start({ environmentOf: { gateway: { NODE_OPTIONS: '--max-old-space-size=256' } } });
  attackers = await newCustomers(stack.url, ATTACKERS);
  honest = await newCustomer(stack.url);
  clients = [];
  // The longest descriptions: 12 KB each in UTF-8.
  await stack.databases.product.query(
    `insert into products (id, name, price_cents, stock, description, seller_id, version, created_at, updated_at)
     select gen_random_uuid(), 'Long ' || i, 100, 1000, repeat(chr(19968), 4000), '${honest.id}', 1, now(), now()
     from generate_series(1, 100) i`,
  );
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await stack?.stop();
});

function connect({ token }: Customer): LiveClient {
  const client = new LiveClient(stack.url, token!);
  clients.push(client);
  return client;
}

const peakBytes = () => stack.apps.gateway[0]!.peakBytes();

test('a gateway stays within its memory under many subscriptions to large orders, and serves the others', async () => {
  const updates = connect(honest).orders();
  const attacks = attackers
    .flatMap((attacker) => Array.from({ length: SOCKETS_OF_A_USER }, () => connect(attacker)))
    .flatMap((client) =>
      Array.from({ length: SUBSCRIPTIONS_OF_A_SOCKET }, () => client.subscribe<unknown>(WITH_DESCRIPTIONS)),
    );
  await eventually(async () =>
    expect(await stack.metrics()).toMatch(new RegExp(`^bazaar_live_subscriptions\\S* ${attacks.length + 1}$`, 'm')),
  );

  const lines = (await honest.products()).map(({ id: productId }) => ({ productId, quantity: 1 }));
  expect(lines).toHaveLength(100);
  await Promise.all(
    attackers.map(async (attacker) => {
      for (let i = 0; i < 3; i++) await attacker.placeOrder(...lines);
    }),
  );
  const { id } = await honest.placeOrder(...lines.slice(0, 1));

  await eventually(() => expect(updates.received.at(-1)).toEqual({ id, status: 'PROCESSING' }));
  // Each of them has received an update or its error.
  await eventually(
    () => expect(attacks.filter(({ code, received }) => !code && received.length === 0)).toHaveLength(0),
    120_000,
  );
  expect(await peakBytes()).toBeLessThan(MEMORY_LIMIT);
  expect(new Set(attacks.map(({ code }) => code))).toEqual(new Set(['OPERATION_TOO_COMPLEX']));
  expect(attacks.filter(({ isOver }) => isOver)).toEqual([]);
});
