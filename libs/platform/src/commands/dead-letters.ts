import type { ServiceName } from '@app/contracts';
import type { Transport } from '@app/messaging';

/**
 * Lists the events that a service could not take (`list`), or sends them back to it (`redeliver`, all or the one with this id).
 * @returns what to tell the operator.
 */
export async function deadLetters(transport: Transport, service: ServiceName, args: string[]): Promise<string> {
  const [action, id] = args;
  if (action === 'list' && args.length === 1) return list(transport, service);
  if (action === 'redeliver' && args.length <= 2)
    return `${await transport.redeliver(service, id)} sent back to ${service}.`;
  throw new Error('Usage: dead-letters list, or dead-letters redeliver [ID]');
}

async function list(transport: Transport, service: ServiceName): Promise<string> {
  const letters = await transport.deadLetters(service);
  if (letters.length === 0) return `${service} has no dead letters.`;
  return letters
    .map(({ time, type, id, attempts, reason }) => [time, type, id, `${attempts} attempts`, reason].join('  '))
    .join('\n');
}
