import { ClientRMQ } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel } from 'amqplib';
import { unavailable } from '../request-dispatch.js';
import { BrokerState, connectTo, provokeAlarm, rebuildOnClose, withErrorHandlers, type Broker } from './connection.js';
import { eventExchange } from './topology.js';

/** Nest's RabbitMQ client on the raw channel: a message that cannot be sent now fails instead of being sent later. */
export abstract class RabbitMqClient<C extends Channel = Channel> extends ClientRMQ {
  protected abstract readonly confirms: boolean;
  private readonly state: BrokerState;
  private live?: C;
  private closed = false;

  constructor(
    protected readonly broker: Broker,
    private readonly name: string,
  ) {
    super(connectTo(broker, name));
    this.state = new BrokerState(name);
  }

  /** Prepares each new channel. */
  protected abstract prepare(channel: C): Promise<void>;

  /** @throws AppError SERVICE_UNAVAILABLE without a connection or while the broker has an alarm. */
  protected channelNow(): C {
    this.state.assertNotBlocked();
    if (!this.live) throw unavailable('There is no connection to the broker');
    return this.live;
  }

  override createClient(): AmqpConnectionManager {
    const { name, confirms: confirm, state } = this;
    return withErrorHandlers(super.createClient() as AmqpConnectionManager, { name, confirm, state });
  }

  override async setupChannel(channel: C, ready: () => void): Promise<void> {
    rebuildOnClose(channel, this.client as AmqpConnectionManager);
    channel.once('close', () => {
      if (this.live === channel) this.live = undefined;
    });
    await this.prepare(channel);
    this.live = channel;
    provokeAlarm(channel);
    this.state.ready();
    ready();
  }

  override async connect(): Promise<void> {
    if (this.closed) throw unavailable('This process is shutting down');
    await super.connect();
  }

  async check(): Promise<void> {
    if (this.closed) return;
    // BrokerState has the reason of a failure.
    await this.connect().catch(() => {});
    if (this.live) provokeAlarm(this.live);
    await this.state.check(this.live, eventExchange(this.broker));
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}
