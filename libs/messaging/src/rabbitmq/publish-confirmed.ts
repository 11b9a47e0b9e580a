import type { ConfirmChannel, Message, Options } from 'amqplib';

const CONFIRM_TIMEOUT_MS = 10_000;
/**
 * How long the broker may refuse all for a queue before its channel is replaced: a channel that has seen a quorum queue full goes
 * on refusing when there is room again.
 */
const REPLACE_AFTER_MS = 10_000;

/** The broker had no queue for a message. */
export class Unroutable extends Error {}

interface Publishing {
  count: number;
  /** The `correlationId` of each message that came back and is not yet confirmed. */
  returned: Set<string>;
  /** By exchange and routing key: since when the broker refuses every message, by the monotonic clock. */
  refusedSince: Map<string, number>;
}

const channels = new WeakMap<ConfirmChannel, Publishing>();

/**
 * Resolves once the broker has the message, in at least one queue unless it is published with `mandatory: false`.
 * @throws Unroutable when there is no queue for it; when the broker refuses it, the connection breaks, or 10 s have passed.
 */
export async function publishConfirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  body: Buffer,
  options: Options.Publish,
): Promise<void> {
  const publishing = publishingOn(channel);
  const { returned, refusedSince } = publishing;
  const correlationId = String(++publishing.count);
  const target = `${exchange} ${routingKey}`;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The broker has not confirmed in time')), CONFIRM_TIMEOUT_MS);
    const publication = { persistent: true, mandatory: true, ...options, correlationId };
    channel.publish(exchange, routingKey, body, publication, (error) => {
      if (error) {
        refused(channel, refusedSince, target);
        reject(error as Error);
        return;
      }
      refusedSince.delete(target);
      // A message comes back before it is confirmed.
      if (returned.delete(correlationId)) reject(new Unroutable(`RabbitMQ has no queue for ${target.trim()}`));
      else resolve();
    });
  }).finally(() => clearTimeout(timer));
}

function publishingOn(channel: ConfirmChannel): Publishing {
  let publishing = channels.get(channel);
  if (!publishing) {
    const returned = new Set<string>();
    publishing = { count: 0, returned, refusedSince: new Map() };
    channels.set(channel, publishing);
    channel.on('return', ({ properties }: Message) => returned.add(String(properties.correlationId)));
  }
  return publishing;
}

/** Closing the channel makes its owner build another. */
function refused(channel: ConfirmChannel, refusedSince: Map<string, number>, target: string): void {
  const now = performance.now();
  const since = refusedSince.get(target) ?? now;
  refusedSince.set(target, since);
  if (now - since < REPLACE_AFTER_MS) return;
  refusedSince.clear();
  channel.close().catch(() => {});
}
