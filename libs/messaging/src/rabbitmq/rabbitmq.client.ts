import { ClientRMQ } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel } from 'amqplib';
import { unavailable } from '../request-dispatch.js';
import { BrokerState, connectTo, provokeAlarm, rebuildOnClose, tamed, type Broker } from './connection.js';
import { eventExchange } from './topology.js';

/** Nest's RabbitMQ client, publishing on the raw channel: what cannot be sent now fails, and is not kept for later. */
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

  /** Readies each new channel. */
  protected abstract prepare(channel: C): Promise<void>;

  /** @throws AppError SERVICE_UNAVAILABLE while there is no connection, or the broker has an alarm. */
  protected channelNow(): C {
    this.state.assertNotBlocked();
    if (!this.live) throw unavailable('There is no connection to the broker');
    return this.live;
  }

  override createClient(): AmqpConnectionManager {
    const { name, confirms: confirm, state } = this;
    return tamed(super.createClient() as AmqpConnectionManager, { name, confirm, state });
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
    if (this.closed) throw unavailable('This process is closing');
    await super.connect();
  }

  async check(): Promise<void> {
    if (this.closed) return;
    // Its failure is known with its reason.
    await this.connect().catch(() => {});
    if (this.live) provokeAlarm(this.live);
    await this.state.check(this.live, eventExchange(this.broker));
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}
