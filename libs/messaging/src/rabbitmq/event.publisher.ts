import type { ServiceName } from '@app/contracts';
import type { ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel } from 'amqplib';
import type { CloudEvent } from '../cloud-event.js';
import { consumersOf, consumersOfAll } from '../event-catalog.js';
import type { Broker } from './connection.js';
import { publishConfirmed, Unroutable } from './publish-confirmed.js';
import { RabbitMqClient } from './rabbitmq.client.js';
import { declareEventQueue, eventExchange, eventQueue } from './topology.js';

/** Publishes a service's events. Each emit completes with the broker's confirm, or fails. */
export class EventPublisher extends RabbitMqClient<ConfirmChannel> {
  protected readonly confirms = true;
  private declaring?: Promise<void>;

  constructor(
    broker: Broker,
    private readonly source: ServiceName,
  ) {
    super(broker, `${source}.publisher`);
  }

  /** Declares the consumers' queues first, so that an event published before the first start of its consumer waits there. */
  protected async prepare(channel: ConfirmChannel): Promise<void> {
    await channel.assertExchange(eventExchange(this.broker), 'topic', { durable: true });
    for (const consumer of consumersOfAll(this.source)) await declareEventQueue(channel, this.broker, consumer);
  }

  protected override async dispatchEvent({ data }: ReadPacket<CloudEvent>): Promise<void> {
    const channel = this.channelNow();
    const body = Buffer.from(JSON.stringify(data));
    const options = { contentType: 'application/cloudevents+json', messageId: data.id };
    try {
      await Promise.all([
        // To each queue by its name: for an exchange, the broker confirms as soon as any queue has the event.
        ...consumersOf(data.type).map((consumer) =>
          publishConfirmed(channel, '', eventQueue(this.broker, consumer), body, options),
        ),
        // There may be no gateway.
        publishConfirmed(channel, eventExchange(this.broker), data.type, body, { ...options, mandatory: false }),
      ]);
    } catch (error) {
      if (error instanceof Unroutable) await this.declareAgain(channel);
      throw error;
    }
  }

  /** Declares the queues again, for the relay's next attempt. An error closes the channel. */
  private async declareAgain(channel: ConfirmChannel): Promise<void> {
    this.declaring ??= this.prepare(channel).finally(() => (this.declaring = undefined));
    await this.declaring.catch(() => {});
  }
}
