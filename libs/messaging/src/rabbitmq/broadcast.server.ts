import type { MessageHandler } from '@nestjs/microservices';
import type { Channel, ConsumeMessage } from 'amqplib';
import { addEventHandler, deliver } from '../event-delivery.js';
import type { Broker } from './connection.js';
import { RabbitMqServer } from './rabbitmq.server.js';
import { eventExchange } from './topology.js';

/** Receives events for this process only, in a queue that lives as long as its connection. A failed event is logged, not retried. */
export class BroadcastServer extends RabbitMqServer {
  protected readonly atOnce = 256;
  protected readonly confirms = false;
  private declared = false;

  constructor(
    broker: Broker,
    private readonly consumer: string,
    private readonly missed: () => void,
  ) {
    super(broker, `${consumer}.broadcast`);
  }

  override addHandler(type: string, handler: MessageHandler, isEvent = false): void {
    addEventHandler(this.messageHandlers, type, handler, isEvent);
  }

  protected async declare(channel: Channel): Promise<string> {
    const exchange = eventExchange(this.broker);
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true, durable: false });
    await channel.assertExchange(exchange, 'topic', { durable: true });
    for (const pattern of this.messageHandlers.keys()) await channel.bindQueue(queue, exchange, pattern);
    // The queue of the previous connection was deleted with its events, and events since then are lost.
    if (this.declared) this.missed();
    this.declared = true;
    return queue;
  }

  protected async process(message: ConsumeMessage, channel: Channel): Promise<void> {
    const body = message.content.toString();
    await deliver(this.messageHandlers, { consumer: this.consumer, body, attempts: 0, delaysMs: [] });
    channel.ack(message);
  }
}
