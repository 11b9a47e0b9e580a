import type { ServiceName } from '@app/contracts';
import type { ReadPacket } from '@nestjs/microservices';
import type { ConfirmChannel } from 'amqplib';
import type { CloudEvent } from '../cloud-event.js';
import { consumersOf, consumersOfAll } from '../event-catalog.js';
import type { Broker } from './connection.js';
import { publishConfirmed, Unroutable } from './publish-confirmed.js';
import { RabbitMqClient } from './rabbitmq.client.js';
import { declareEventQueue, eventExchange, eventQueue } from './topology.js';

/** Tells a service's events: each emit completes with the broker's confirm, or fails. */
export class EventPublisher extends RabbitMqClient<ConfirmChannel> {
  protected readonly confirms = true;
  private declaring?: Promise<void>;

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
    const channel = this.channelNow();
    const body = Buffer.from(JSON.stringify(data));
    const options = { contentType: 'application/cloudevents+json', messageId: data.id };
    try {
      await Promise.all([
        // To each by its name: of an exchange the broker says only that some queue has taken the event.
        ...consumersOf(data.type).map((consumer) =>
          publishConfirmed(channel, '', eventQueue(this.broker, consumer), body, options),
        ),
        // Gateways may not run.
        publishConfirmed(channel, eventExchange(this.broker), data.type, body, { ...options, mandatory: false }),
      ]);
    } catch (error) {
      if (error instanceof Unroutable) await this.declareAgain(channel);
      throw error;
    }
  }

  /** For the relay's next attempt. One that fails closes the channel. */
  private async declareAgain(channel: ConfirmChannel): Promise<void> {
    this.declaring ??= this.prepare(channel).finally(() => (this.declaring = undefined));
    await this.declaring.catch(() => {});
  }
}
