import { ServerRMQ } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel, ConsumeMessage } from 'amqplib';
import { Drain } from '../drain.js';
import { BrokerState, connectTo, rebuildOnClose, withErrorHandlers, type Broker } from './connection.js';
import { eventExchange } from './topology.js';

const CONSUMER_TAG = 'server';

/** Nest's RabbitMQ server, extended: it drains before closing, survives a restart of the broker and acknowledges handled messages. */
export abstract class RabbitMqServer<C extends Channel = Channel> extends ServerRMQ {
  /** The error of an event handler decides on its retry. */
  override readonly propagatesEventHandlerErrors = true;
  protected abstract readonly atOnce: number;
  protected abstract readonly confirms: boolean;
  private readonly inFlight = new Drain();
  private readonly state: BrokerState;
  private live?: C;
  private closing = false;

  constructor(
    protected readonly broker: Broker,
    readonly name: string,
  ) {
    super(connectTo(broker, name));
    this.state = new BrokerState(name);
  }

  /** Declares the queue to consume, for each new connection. @returns its name. */
  protected abstract declare(channel: C): Promise<string>;

  /** Handles one message and acknowledges it. Its errors are logged. */
  protected abstract process(message: ConsumeMessage, channel: C): Promise<void>;

  /** Resolves once the broker has received everything sent on other channels. */
  protected async flushed(): Promise<void> {}

  override async createClient<T = AmqpConnectionManager>(): Promise<T> {
    const manager = await super.createClient<AmqpConnectionManager>();
    return withErrorHandlers(manager, { name: this.name, confirm: this.confirms, state: this.state }) as T;
  }

  override async setupChannel(channel: C, listening: () => void): Promise<void> {
    if (this.closing) return;
    rebuildOnClose(channel, this.server as AmqpConnectionManager);
    channel.once('close', () => {
      if (this.live === channel) this.live = undefined;
    });
    await channel.prefetch(this.atOnce);
    await this.consume(channel);
    this.live = channel;
    this.state.ready();
    listening();
  }

  private async consume(channel: C): Promise<void> {
    const queue = await this.declare(channel);
    await channel.consume(queue, (message) => this.received(message, channel), { consumerTag: CONSUMER_TAG });
  }

  private received(message: ConsumeMessage | null, channel: C): void {
    if (!message) void this.queueDeleted(channel);
    else
      this.inFlight.add(
        this.process(message, channel).catch((error: unknown) => this.logger.warn(`${this.name}: ${String(error)}`)),
      );
  }

  /** Declares the queue again at once. If that fails, a new channel retries later. */
  private async queueDeleted(channel: C): Promise<void> {
    this.logger.warn(`${this.name}: the queue was deleted; declaring it again`);
    await this.consume(channel).catch((error: unknown) => {
      this.state.failed(`${this.name} cannot be set up: ${String(error)}`);
      channel.close().catch(() => {});
    });
  }

  async check(): Promise<void> {
    if (!this.closing) await this.state.check(this.live, eventExchange(this.broker));
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
