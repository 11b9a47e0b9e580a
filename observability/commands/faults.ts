// Failures, so that the metrics and alerts about them have data.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type ConsumeMessage } from 'amqplib';
import { connected, type Stack } from '../../bench/stack.ts';
import type { AppName } from '../../libs/contracts/src/services.ts';
import { urls } from '../../scripts/backing-services.ts';

const PAUSE_MS = 3_000;

/** Publishes duplicates of events, and malformed events that become dead letters, until `signal` aborts. */
export async function repeatAndGarbleEvents({ name }: Stack, signal: AbortSignal) {
  const connection = await connect(urls.RABBITMQ_URL);
  try {
    const channel = await connection.createChannel();
    const consumer = `${name}.product.events`;
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, `${name}.events`, 'order.placed');
    let latest: ConsumeMessage | undefined;
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

/** Makes all events fail at the order service for a while. It retries them later. */
export async function failOrderEvents({ databaseUrl }: Stack, ms: number) {
  const db = await connected(databaseUrl('order'));
  try {
    await db.query('alter table inbox rename to inbox_away');
    await sleep(ms);
    await db.query('alter table inbox_away rename to inbox');
  } finally {
    await db.end();
  }
}

/** Kills a service, and starts it again after a while. */
export async function killService({ apps, restart }: Stack, service: AppName, ms: number) {
  apps[service].child.kill('SIGKILL');
  await apps[service].ended;
  await sleep(ms);
  await restart(service);
}
