import type { ServiceName } from '@app/contracts';
import { ClientRMQ, type ReadPacket } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { ConfirmChannel } from 'amqplib';
import type { CloudEvent } from '../cloud-event.js';
import { consumersOfAll } from '../event-delivery.js';
import { unavailable } from '../request-dispatch.js';
import { connectTo, ping, publishConfirmed, rebuildOnClose, tamed, type Broker } from './connection.js';
import { declareEventQueue, eventExchange } from './topology.js';

/** Nest's RabbitMQ client, for events: each emit completes with the broker's confirm, or fails. */
export class EventPublisher extends ClientRMQ {
  private readonly name: string;
  private live?: ConfirmChannel;
  private closed = false;

  constructor(
    private readonly broker: Broker,
    private readonly source: ServiceName,
  ) {
    super(connectTo(broker, `${source}.publisher`));
    this.name = `${source}.publisher`;
  }

  override createClient(): AmqpConnectionManager {
    return tamed(super.createClient() as AmqpConnectionManager, this.name, true);
  }

  /** The consumers' queues come first: an event that is told before its consumer ever started waits there. */
  override async setupChannel(channel: ConfirmChannel, ready: () => void): Promise<void> {
    rebuildOnClose(channel, this.client as AmqpConnectionManager);
    channel.once('close', () => {
      if (this.live === channel) this.live = undefined;
    });
    await channel.assertExchange(eventExchange(this.broker), 'topic', { durable: true });
    for (const consumer of consumersOfAll(this.source)) await declareEventQueue(channel, this.broker, consumer);
    this.live = channel;
    ready();
  }

  protected override async dispatchEvent({ data }: ReadPacket<CloudEvent>): Promise<void> {
    if (!this.live) throw unavailable('There is no connection to the broker');
    await publishConfirmed(this.live, eventExchange(this.broker), data.type, Buffer.from(JSON.stringify(data)), {
      contentType: 'application/cloudevents+json',
      messageId: data.id,
    });
  }

  override async connect(): Promise<void> {
    if (this.closed) throw unavailable('This process is closing');
    await super.connect();
  }

  async check(): Promise<void> {
    if (this.closed) return;
    await this.connect();
    await ping(this.live, this.name, eventExchange(this.broker));
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}
