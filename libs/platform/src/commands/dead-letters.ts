import type { ServiceName } from '@app/contracts';
import type { Transport } from '@app/messaging';

/**
 * `list` lists a service's dead letters; `redeliver` sends all of them, or the one with this id, to the service again.
 * @returns the text to print.
 */
export async function deadLetters(transport: Transport, service: ServiceName, args: string[]): Promise<string> {
  const [action, id] = args;
  if (action === 'list' && args.length === 1) return list(transport, service);
  if (action === 'redeliver' && args.length <= 2)
    return `${await transport.redeliver(service, id)} redelivered to ${service}.`;
  throw new Error('Usage: dead-letters list, or dead-letters redeliver [ID]');
}

async function list(transport: Transport, service: ServiceName): Promise<string> {
  const letters = await transport.deadLetters(service);
  if (letters.length === 0) return `${service} has no dead letters.`;
  return letters
    .map(({ time, type, id, attempts, reason }) => [time, type, id, `${attempts} attempts`, reason].join('  '))
    .join('\n');
}
