import { InProcessTransport, RabbitMqTransport, type Transport } from '@app/messaging';
import { createDatabase } from '@app/platform';
import type { StandaloneConfig } from './config.js';
import type { Store } from './store.js';

/** Undefined if no broker is configured. */
export function rabbitMq({ RABBITMQ_URL, RABBITMQ_PREFIX }: StandaloneConfig): Transport | undefined {
  return RABBITMQ_URL === undefined ? undefined : new RabbitMqTransport({ url: RABBITMQ_URL, prefix: RABBITMQ_PREFIX });
}

/** Its journal has a separate database. */
export async function inProcess(store: Store): Promise<Transport> {
  const databaseUrl = store.url('bazaar_broker');
  await createDatabase(databaseUrl);
  return new InProcessTransport({ databaseUrl });
}
