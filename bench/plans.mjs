// npm run bench:plans: how PostgreSQL answers each list of the API among 100,000 products, 100,000 users and 1,000,000 orders.
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, planText } from './explain.mjs';
import { fillOrders, fillProducts, fillUsers } from './fill.mjs';
import { queries } from './queries.mjs';
import { ask, connected, signIn, startStack } from './stack.mjs';

const full = process.argv.includes('--full');

const stack = await startStack({ nodeOptions: ['--import', './bench/record-statements.mjs'] });
const clients = {};
const told = {};
for (const [service, { child }] of Object.entries(stack.apps))
  child.on('message', (statement) => (told[service] ??= []).push(statement));
let tooMuch = 0;
try {
  const [customer, admin] = [await signIn(stack), await signIn(stack, 'ADMIN')];
  console.error('Filling the databases');
  await Promise.all([fillUsers(stack), fillProducts(stack), fillOrders(stack, customer.id)]);
  for (const service of ['user', 'product', 'order']) clients[service] = await connected(stack.databaseUrl(service));
  const { rows } = await clients.product.query('show server_version');

  console.log(`PostgreSQL ${rows[0].server_version}. Rows and buffers of 8 KB that were read; a page is of 20.\n`);
  console.log('| query | plan | rows | buffers | ms |\n| --- | --- | ---: | ---: | ---: |');
  for (const query of await queries(stack, customer, admin)) {
    const { name, service, most } = query;
    const statements = await statementsOf(query);
    if (statements.length === 0) throw new Error(`${service} has read nothing for ${name}`);
    for (const statement of statements) {
      const { plan, rows, buffers, ms } = await explain(clients[service], statement);
      const fits = rows <= most.rows && buffers <= most.buffers;
      if (!fits) tooMuch++;
      console.log(`| ${name} | ${plan} | ${rows} | ${buffers} | ${ms.toFixed(2)}${fits ? '' : ' TOO MUCH'} |`);
      if (full) console.log(`\n${await planText(clients[service], statement)}`);
    }
  }
} finally {
  await Promise.all(Object.values(clients).map((client) => client.end()));
  await stack.stop();
}
if (tooMuch > 0) console.error(`${tooMuch} statements read more than they may`);
process.exit(tooMuch > 0 ? 1 : 0);

/** The reads that a service does for an operation, as it sent them to PostgreSQL; those that it does for who asks left out. */
async function statementsOf({ service, query, variables, only = /./ }) {
  told[service] = [];
  await ask(stack, query, variables);
  await sleep(100); // what it tells is on its way
  return told[service].filter(
    ({ text }) =>
      /^select .*\bfrom "(products|users|orders|order_items)"/is.test(text) &&
      !/\bsessions\b/.test(text) &&
      only.test(text),
  );
}
