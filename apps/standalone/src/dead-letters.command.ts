import type { ServiceName } from '@app/contracts';
import type { Transport } from '@app/messaging';
import { readConfig, type StandaloneConfig } from './config.js';
import { Store } from './store.js';
import { inProcess, rabbitMq } from './transport.js';

const SERVICES: readonly string[] = ['user', 'product', 'order'] satisfies ServiceName[];

/** Lists the events that a service could not take, or sends them back to it; whether the standalone runs or not. */
export async function deadLetters([service, action, id]: string[]): Promise<() => Promise<void>> {
  if (!SERVICES.includes(service ?? '') || !['list', 'redeliver'].includes(action ?? ''))
    throw new Error(`Usage: dead-letters ${SERVICES.join('|')} list|redeliver [id]`);
  const act = action === 'list' ? list : redeliver;
  const answer = await withTransport(readConfig(), (transport) => act(transport, service as ServiceName, id));
  process.stdout.write(`${answer}\n`);
  return async () => undefined;
}

async function list(transport: Transport, service: ServiceName): Promise<string> {
  const letters = await transport.deadLetters(service);
  if (letters.length === 0) return `${service} has no dead letters.`;
  return letters
    .map(({ time, type, id, attempts, reason }) => [time, type, id, `${attempts} attempts`, reason].join('  '))
    .join('\n');
}

async function redeliver(transport: Transport, service: ServiceName, id?: string): Promise<string> {
  return `${await transport.redeliver(service, id)} sent back to ${service}.`;
}

async function withTransport<T>(config: StandaloneConfig, use: (transport: Transport) => Promise<T>): Promise<T> {
  const broker = rabbitMq(config);
  if (broker) return use(broker).finally(() => broker.close());
  const store = await Store.open(config, `the command dead-letters (process ${process.pid})`);
  try {
    const transport = await inProcess(store);
    return await use(transport).finally(() => transport.close());
  } finally {
    await store.close();
  }
}
