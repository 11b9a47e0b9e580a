import type { ConfirmChannel, Message, Options } from 'amqplib';

const CONFIRM_TIMEOUT_MS = 10_000;
/**
 * A channel is replaced after the broker has rejected all messages to a queue for this long: a channel that has seen a full
 * quorum queue keeps rejecting messages even when there is room again.
 */
const REPLACE_AFTER_MS = 10_000;

/** The broker had no queue for a message. */
export class Unroutable extends Error {}

interface Publishing {
  count: number;
  /** The `correlationId` of each returned message that is not confirmed yet. */
  returned: Set<string>;
  /** For each exchange and routing key, the monotonic time since when the broker has rejected every message. */
  refusedSince: Map<string, number>;
}

const channels = new WeakMap<ConfirmChannel, Publishing>();

/**
 * Resolves once the broker has stored the message, in at least one queue unless it is published with `mandatory: false`.
 * @throws Unroutable if there is no queue; another error if the broker rejects it, the connection breaks or 10 s have passed.
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
    timer = setTimeout(() => reject(new Error('The broker did not confirm in time')), CONFIRM_TIMEOUT_MS);
    const publication = { persistent: true, mandatory: true, ...options, correlationId };
    channel.publish(exchange, routingKey, body, publication, (error) => {
      if (error) {
        refused(channel, refusedSince, target);
        reject(error as Error);
        return;
      }
      refusedSince.delete(target);
      // The broker returns a message before it confirms it.
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

/** Closes a channel after too many rejections; its owner opens another. */
function refused(channel: ConfirmChannel, refusedSince: Map<string, number>, target: string): void {
  const now = performance.now();
  const since = refusedSince.get(target) ?? now;
  refusedSince.set(target, since);
  if (now - since < REPLACE_AFTER_MS) return;
  refusedSince.clear();
  channel.close().catch(() => {});
}
