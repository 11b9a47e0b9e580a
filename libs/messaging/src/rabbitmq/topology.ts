import type { ServiceName } from '@app/contracts';
import type { Channel } from 'amqplib';
import { patternsFor } from '../event-catalog.js';
import type { Broker } from './connection.js';

export const requestQueue = ({ prefix }: Broker, service: string) => `${prefix}${service}.requests`;
export const eventExchange = ({ prefix }: Broker) => `${prefix}events`;
export const eventQueue = ({ prefix }: Broker, service: ServiceName) => `${prefix}${service}.events`;
export const deadQueue = (broker: Broker, service: ServiceName) => `${eventQueue(broker, service)}.dead`;
/** An exchange and a queue of this name hold what waits for another try, for all services. */
export const retryQueue = ({ prefix }: Broker, delayMs: number) => `${prefix}retry.${delayMs}`;

/** A request's header: how long its caller still waits when it is published, in ms. The clocks of two machines are never compared. */
export const TIME_LEFT = 'x-time-left';

const QUORUM = { 'x-queue-type': 'quorum' };
/** Messages that expire or are given up are moved, never dropped, also while the broker restarts. */
const MOVED_SAFELY = {
  'x-dead-letter-exchange': '',
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};
/** How often a message may come back unanswered, as when its handler kills the process, before it is given up. */
const DELIVERY_LIMIT = 20;
/** Looking at dead letters counts as a delivery. */
const NO_DELIVERY_LIMIT = 1_000_000_000;

/** Everything that a consumer of events needs, declared by it and by whoever publishes to it, whichever starts first. */
export async function declareEventQueue(channel: Channel, broker: Broker, service: ServiceName): Promise<string> {
  const queue = eventQueue(broker, service);
  const dead = deadQueue(broker, service);
  await channel.assertQueue(dead, { durable: true, arguments: { ...QUORUM, 'x-delivery-limit': NO_DELIVERY_LIMIT } });
  await channel.assertQueue(queue, {
    durable: true,
    arguments: { ...QUORUM, ...MOVED_SAFELY, 'x-dead-letter-routing-key': dead, 'x-delivery-limit': DELIVERY_LIMIT },
  });
  await channel.assertExchange(eventExchange(broker), 'topic', { durable: true });
  // Earlier releases bound it; with events coming by its name as well, each would be delivered twice.
  for (const pattern of patternsFor(service)) await channel.unbindQueue(queue, eventExchange(broker), pattern);
  return queue;
}

/** A message is published here with the queue that it is to come back to as its routing key, which it keeps as it expires. */
export async function declareRetryQueues(channel: Channel, broker: Broker): Promise<void> {
  for (const delayMs of new Set(broker.retryDelaysMs)) {
    const name = retryQueue(broker, delayMs);
    await channel.assertExchange(name, 'fanout', { durable: true });
    await channel.assertQueue(name, {
      durable: true,
      arguments: { ...QUORUM, ...MOVED_SAFELY, 'x-message-ttl': delayMs },
    });
    await channel.bindQueue(name, name, '');
  }
}
