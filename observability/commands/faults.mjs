// What goes wrong now and then, so that what is to be seen of it is there to be seen.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import { connected } from '../../bench/stack.mjs';
import { urls } from '../../scripts/backing-services.mjs';

const PAUSE_MS = 3_000;

/** Events that come a second time, and some that cannot be read and become dead letters, until `signal` ends it. */
export async function repeatAndGarbleEvents({ name }, signal) {
  const connection = await connect(urls.RABBITMQ_URL);
  try {
    const channel = await connection.createChannel();
    const consumer = `${name}.product.events`;
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, `${name}.events`, 'order.placed');
    let latest;
    await channel.consume(queue, (message) => (latest = message ?? latest), { noAck: true });
    while (!signal.aborted) {
      await sleep(PAUSE_MS);
      if (!latest) continue;
      channel.sendToQueue(consumer, latest.content, latest.properties);
      const garbled = { ...JSON.parse(latest.content.toString()), id: randomUUID(), data: { orderId: 'none' } };
      channel.sendToQueue(consumer, Buffer.from(JSON.stringify(garbled)), latest.properties);
    }
  } finally {
    await connection.close();
  }
}

/** For so long the order service cannot handle an event, and tries each again later. */
export async function failOrderEvents({ databaseUrl }, ms) {
  const db = await connected(databaseUrl('order'));
  try {
    await db.query('alter table inbox rename to inbox_away');
    await sleep(ms);
    await db.query('alter table inbox_away rename to inbox');
  } finally {
    await db.end();
  }
}

/** A service is killed, and started once more after a while. */
export async function killService({ apps, restart }, service, ms) {
  apps[service].child.kill('SIGKILL');
  await apps[service].ended;
  await sleep(ms);
  await restart(service);
}
