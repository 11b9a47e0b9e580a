import type { ServiceName } from '@app/contracts';
import type { Channel } from 'amqplib';
import { patternsFor } from '../event-catalog.js';
import type { Broker } from './connection.js';

export const requestQueue = ({ prefix }: Broker, service: string) => `${prefix}${service}.requests`;
export const eventExchange = ({ prefix }: Broker) => `${prefix}events`;
export const eventQueue = ({ prefix }: Broker, service: ServiceName) => `${prefix}${service}.events`;
export const deadQueue = (broker: Broker, service: ServiceName) => `${eventQueue(broker, service)}.dead`;
/** The name of the exchange and the queue in which events of all services wait for a retry. */
export const retryQueue = ({ prefix }: Broker, delayMs: number) => `${prefix}retry.${delayMs}`;

/** A request header: the time to its deadline when it is published, in ms. A duration, because clocks of machines differ. */
export const TIME_LEFT = 'x-time-left';

const QUORUM = { 'x-queue-type': 'quorum' };
/** Expired and dead-lettered messages are moved without loss, even while the broker restarts. */
const MOVED_SAFELY = {
  'x-dead-letter-exchange': '',
  'x-dead-letter-strategy': 'at-least-once',
  'x-overflow': 'reject-publish',
};
/** The number of redeliveries before the broker dead-letters a message, for example one that kills its process. */
const DELIVERY_LIMIT = 20;
/** Listing dead letters counts as a delivery. */
const NO_DELIVERY_LIMIT = 1_000_000_000;

/** Declares the queues of a consumer of events. Consumers and publishers call it, whichever starts first. */
export async function declareEventQueue(channel: Channel, broker: Broker, service: ServiceName): Promise<string> {
  const queue = eventQueue(broker, service);
  const dead = deadQueue(broker, service);
  await channel.assertQueue(dead, { durable: true, arguments: { ...QUORUM, 'x-delivery-limit': NO_DELIVERY_LIMIT } });
  await channel.assertQueue(queue, {
    durable: true,
    arguments: { ...QUORUM, ...MOVED_SAFELY, 'x-dead-letter-routing-key': dead, 'x-delivery-limit': DELIVERY_LIMIT },
  });
  await channel.assertExchange(eventExchange(broker), 'topic', { durable: true });
  // Earlier releases bound the queue to the exchange. Events now go to the queue by name, so a binding would duplicate them.
  for (const pattern of patternsFor(service)) await channel.unbindQueue(queue, eventExchange(broker), pattern);
  return queue;
}

/** Declares the retry queues. The routing key of a message is its original queue, where the broker moves it when it expires. */
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
