import type { ServiceName } from '@app/contracts';
import type { ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel } from 'amqplib';
import type { CloudEvent } from '../cloud-event.js';
import { consumersOfAll } from '../event-catalog.js';
import { publishConfirmed, type Broker } from './connection.js';
import { RabbitMqClient } from './rabbitmq.client.js';
import { declareEventQueue, eventExchange } from './topology.js';

/** Tells a service's events: each emit completes with the broker's confirm, or fails. */
export class EventPublisher extends RabbitMqClient<ConfirmChannel> {
  protected readonly confirms = true;

  constructor(
    broker: Broker,
    private readonly source: ServiceName,
  ) {
    super(broker, `${source}.publisher`);
  }

  /** The consumers' queues come first: an event that is told before its consumer ever started waits there. */
  protected async prepare(channel: ConfirmChannel): Promise<void> {
    await channel.assertExchange(eventExchange(this.broker), 'topic', { durable: true });
    for (const consumer of consumersOfAll(this.source)) await declareEventQueue(channel, this.broker, consumer);
  }

  protected override async dispatchEvent({ data }: ReadPacket<CloudEvent>): Promise<void> {
    const body = Buffer.from(JSON.stringify(data));
    await publishConfirmed(this.channelNow(), eventExchange(this.broker), data.type, body, {
      contentType: 'application/cloudevents+json',
      messageId: data.id,
    });
  }
}
