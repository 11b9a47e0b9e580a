import { ServerRMQ } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel, ConsumeMessage } from 'amqplib';
import { Drain } from '../drain.js';
import { connectTo, ping, rebuildOnClose, tamed, type Broker } from './connection.js';
import { eventExchange } from './topology.js';

const CONSUMER_TAG = 'server';

/** Nest's RabbitMQ server, made to drain before it closes, to survive its broker, and to acknowledge what it has done. */
export abstract class RabbitMqServer<C extends Channel = Channel> extends ServerRMQ {
  /** What a handler of events throws decides over its next try. */
  override readonly propagatesEventHandlerErrors = true;
  protected abstract readonly atOnce: number;
  protected abstract readonly confirms: boolean;
  private readonly inFlight = new Drain();
  private live?: C;
  private closing = false;

  constructor(
    protected readonly broker: Broker,
    readonly name: string,
  ) {
    super(connectTo(broker, name));
  }

  /** Declares what is consumed, each time a connection is made. @returns the queue. */
  protected abstract declare(channel: C): Promise<string>;

  /** Handles one message and acknowledges it; what it throws is logged. */
  protected abstract process(message: ConsumeMessage, channel: C): Promise<void>;

  /** Resolves once the broker has all that was sent outside of the server's channel. */
  protected async flushed(): Promise<void> {}

  override async createClient<T = AmqpConnectionManager>(): Promise<T> {
    const manager = await super.createClient<AmqpConnectionManager>();
    return tamed(manager, this.name, this.confirms) as T;
  }

  override async setupChannel(channel: C, listening: () => void): Promise<void> {
    if (this.closing) return;
    rebuildOnClose(channel, this.server as AmqpConnectionManager);
    channel.once('close', () => {
      if (this.live === channel) this.live = undefined;
    });
    const queue = await this.declare(channel);
    await channel.prefetch(this.atOnce);
    await channel.consume(queue, (message) => this.received(message, channel), { consumerTag: CONSUMER_TAG });
    this.live = channel;
    listening();
  }

  private received(message: ConsumeMessage | null, channel: C): void {
    // The queue was deleted: the channel goes, and with its successor the queue is declared again.
    if (!message) void channel.close().catch(() => {});
    else
      this.inFlight.add(
        this.process(message, channel).catch((error: unknown) => this.logger.warn(`${this.name}: ${String(error)}`)),
      );
  }

  async check(): Promise<void> {
    if (!this.closing) await ping(this.live, this.name, eventExchange(this.broker));
  }

  override async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    await this.live?.cancel(CONSUMER_TAG).catch(() => {});
    await this.inFlight.drained();
    await this.flushed().catch((error: unknown) => this.logger.warn(`${this.name}: ${String(error)}`));
    await super.close().catch((error: unknown) => this.logger.warn(`${this.name}: ${String(error)}`));
  }
}
