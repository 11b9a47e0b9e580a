import type { ServiceName } from '@app/contracts';
import amqp, { type ConfirmChannel, type ConsumeMessage, type GetMessage } from 'amqplib';
import { peekCloudEvent } from '../cloud-event.js';
import type { DeadLetter } from '../transport.js';
import { connectTo, type Broker } from './connection.js';
import { publishConfirmed } from './publish-confirmed.js';
import { deadQueue, declareEventQueue, eventQueue } from './topology.js';

const MAX_LISTED = 1_000;

export const deadHeaders = (attempts: number, reason: string) => ({
  'x-attempts': attempts,
  'x-reason': reason,
  'x-failed-at': new Date().toISOString(),
});

export const attemptsOf = ({ properties }: ConsumeMessage | GetMessage) =>
  Number(properties.headers?.['x-attempts'] ?? 0);

export function listDeadLetters(broker: Broker, service: ServiceName): Promise<DeadLetter[]> {
  return onOwnChannel(broker, async (channel) => {
    await declareEventQueue(channel, broker, service);
    const letters: DeadLetter[] = [];
    for await (const message of waiting(channel, deadQueue(broker, service), MAX_LISTED)) letters.push(read(message));
    return letters;
  });
}

export function redeliverDeadLetters(broker: Broker, service: ServiceName, id?: string): Promise<number> {
  return onOwnChannel(broker, async (channel) => {
    await declareEventQueue(channel, broker, service);
    let count = 0;
    for await (const message of waiting(channel, deadQueue(broker, service))) {
      if (id !== undefined && read(message).id !== id) continue;
      const { contentType, messageId } = message.properties;
      await publishConfirmed(channel, '', eventQueue(broker, service), message.content, { contentType, messageId });
      channel.ack(message);
      count++;
    }
    return count;
  });
}

/** The current messages of the queue. A message that is not acknowledged returns to its place when the channel closes. */
async function* waiting(channel: ConfirmChannel, queue: string, most = Infinity): AsyncGenerator<GetMessage> {
  const { messageCount } = await channel.checkQueue(queue);
  for (let i = 0; i < Math.min(messageCount, most); i++) {
    const message = await channel.get(queue);
    if (!message) return;
    yield message;
  }
}

/** Opens a connection for one command. */
async function onOwnChannel<T>(broker: Broker, work: (channel: ConfirmChannel) => Promise<T>): Promise<T> {
  const { socketOptions } = connectTo(broker, 'dead-letters');
  const connection = await amqp.connect(broker.url, socketOptions?.connectionOptions);
  connection.on('error', () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on('error', () => {});
    const result = await work(channel);
    // Closing the channel first ensures that the broker has received the acknowledgements.
    await channel.close();
    return result;
  } finally {
    await connection.close().catch(() => {});
  }
}

function read(message: GetMessage): DeadLetter {
  const { id, type } = peekCloudEvent(message.content.toString());
  const headers = message.properties.headers ?? {};
  return {
    id: String(id ?? ''),
    type: String(type ?? ''),
    // The broker itself dead-letters an event that is redelivered too often, with its own header for the reason.
    reason: String(headers['x-reason'] ?? headers['x-first-death-reason'] ?? ''),
    time: String(headers['x-failed-at'] ?? ''),
    attempts: attemptsOf(message),
  };
}
