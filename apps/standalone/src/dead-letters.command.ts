import { SERVICES, type ServiceName } from '@app/contracts';
import type { Transport } from '@app/messaging';
import { deadLetters as handle } from '@app/platform';
import { readConfig } from './config.js';
import { Store } from './store.js';
import { inProcess, rabbitMq } from './transport.js';

const isService = (name: string): name is ServiceName => SERVICES.some((service) => service === name);

/** A service's command, on the standalone's data or on the broker at RABBITMQ_URL. The standalone may be running or stopped. */
export async function deadLetters([service = '', ...args]: string[]): Promise<() => Promise<void>> {
  if (!isService(service)) throw new Error(`Usage: dead-letters ${SERVICES.join('|')} list|redeliver [ID]`);
  process.stdout.write(`${await onTransport(service, args)}\n`);
  return async () => undefined;
}

async function onTransport(service: ServiceName, args: string[]): Promise<string> {
  const config = readConfig();
  const broker = rabbitMq(config);
  if (broker) return handleAndClose(broker, service, args);
  const store = await Store.open(config, `the command dead-letters (process ${process.pid})`);
  try {
    return await handleAndClose(await inProcess(store), service, args);
  } finally {
    await store.close();
  }
}

async function handleAndClose(transport: Transport, service: ServiceName, args: string[]): Promise<string> {
  try {
    return await handle(transport, service, args);
  } finally {
    await transport.close();
  }
}
