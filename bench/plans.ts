// npm run bench:plans: how PostgreSQL reads each list of the API among 100,000 products, 100,000 users and 1,000,000 orders.
//   --full    also prints each statement and its plan
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { SERVICES, type ServiceName } from '../libs/contracts/src/services.ts';
import { explain, planText, type Statement } from './explain.ts';
import { fillOrders, fillProducts, fillUsers } from './fill.ts';
import { queries, type Query } from './queries.ts';
import { ask, connected, signIn, startStack } from './stack.ts';

const full = process.argv.includes('--full');

const stack = await startStack({ nodeOptions: ['--import', './bench/record-statements.ts'] });
const clients = new Map<ServiceName, Client>();
let sent: (Statement & { service: ServiceName })[] = [];
for (const service of SERVICES)
  stack.apps[service].child.on('message', (statement: Statement) => sent.push({ ...statement, service }));
let tooMany = 0;
try {
  const [customer, admin] = [await signIn(stack), await signIn(stack, 'ADMIN')];
  console.error('Filling the databases');
  await Promise.all([fillUsers(stack), fillProducts(stack), fillOrders(stack, customer.id)]);
  for (const service of SERVICES) clients.set(service, await connected(stack.databaseUrl(service)));
  const version = await clients.get('product')?.query<{ server_version: string }>('show server_version');

  console.log(
    `PostgreSQL ${version?.rows[0]?.server_version}. Rows and buffers (8 KB) that each statement read. A page has 20.\n`,
  );
  console.log('| query | plan | rows | buffers | ms |\n| --- | --- | ---: | ---: | ---: |');
  for (const query of await queries(stack, customer, admin)) {
    const { name, service, max } = query;
    const client = clients.get(service);
    const statements = await statementsOf(query);
    if (!client || statements.length === 0) throw new Error(`${service} read nothing for ${name}`);
    for (const statement of statements) {
      const { plan, rows, buffers, ms } = await explain(client, statement);
      const fits = rows <= max.rows && buffers <= max.buffers;
      if (!fits) tooMany++;
      console.log(`| ${name} | ${plan} | ${rows} | ${buffers} | ${ms.toFixed(2)}${fits ? '' : ' TOO MANY'} |`);
      if (full) console.log(`\n${await planText(client, statement)}`);
    }
  }
} finally {
  await Promise.all([...clients.values()].map((client) => client.end()));
  await stack.stop();
}
if (tooMany > 0) console.error(`${tooMany} statements read more than their limit`);
process.exit(tooMany > 0 ? 1 : 0);

/** The reads that a service sends to PostgreSQL for an operation, without those for authentication. */
async function statementsOf({ service, query, variables, only = /./ }: Query) {
  sent = [];
  await ask(stack, query, variables);
  await sleep(100); // the messages are on their way
  return sent.filter(
    ({ service: sender, text }) =>
      sender === service &&
      /^select .*\bfrom "(products|users|orders|order_items)"/is.test(text) &&
      !/\bsessions\b/.test(text) &&
      only.test(text),
  );
}
