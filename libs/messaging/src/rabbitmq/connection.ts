import { Logger } from '@nestjs/common';
import type { RmqOptions } from '@nestjs/microservices';
import type { AmqpConnectionManager, ChannelWrapper, CreateChannelOpts } from 'amqp-connection-manager';
import type { Channel, ChannelModel } from 'amqplib';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { unavailable } from '../request-dispatch.js';

const RECONNECT_SECONDS = 1;
const PING_TIMEOUT_MS = 3_000;

export interface Broker {
  url: string;
  /** Put before the name of every queue and exchange. */
  prefix: string;
  retryDelaysMs: readonly number[];
}

/** Options of Nest's servers and clients; `name` is what operators see the connection as. */
export const connectTo = ({ url, prefix }: Broker, name: string): NonNullable<RmqOptions['options']> => ({
  urls: [url],
  socketOptions: {
    heartbeatIntervalInSeconds: 5,
    reconnectTimeInSeconds: RECONNECT_SECONDS,
    connectionOptions: {
      // An answer of several frames would otherwise wait for TCP acknowledgements.
      noDelay: true,
      keepAlive: true,
      timeout: 5_000,
      clientProperties: { connection_name: prefix + name },
    },
  },
});

const logger = new Logger('RabbitMQ');

/** Why a server or client cannot work now, as far as the broker has said. */
export class BrokerState {
  private alarm?: string;
  private failure?: string;

  constructor(private readonly name: string) {}

  /** A channel of it works. */
  ready(): void {
    this.failure = undefined;
  }

  failed(error: unknown): void {
    this.failure = String(error);
  }

  /** RabbitMQ reads nothing from connections that publish while it is short of memory or disk. */
  blocked(reason: string | undefined): void {
    this.alarm = reason;
  }

  /** @throws AppError SERVICE_UNAVAILABLE while the broker has an alarm. */
  assertNotBlocked(): void {
    if (this.alarm !== undefined) throw unavailable(`RabbitMQ has an alarm and accepts no messages: ${this.alarm}`);
  }

  /** One round trip. @throws with the reason when the channel does not work. */
  async check(channel: Channel | undefined, exchange: string): Promise<void> {
    this.assertNotBlocked();
    if (!channel) throw new Error(this.failure ?? `${this.name} is not connected to RabbitMQ`);
    await ping(channel, this.name, exchange).catch((error: unknown) => {
      this.assertNotBlocked();
      throw error;
    });
  }
}

/**
 * Hears every 'error' that would otherwise end the process, and gives the manager's channels the wanted kind. What is
 * published must not be kept for later by the wrapper, hence the raw channels that servers and clients use.
 */
export function tamed(
  manager: AmqpConnectionManager,
  { name, confirm, state }: { name: string; confirm: boolean; state: BrokerState },
): AmqpConnectionManager {
  manager.on('blocked', ({ reason }) => state.blocked(reason));
  manager.on('unblocked', () => state.blocked(undefined));
  manager.on('disconnect', () => state.blocked(undefined));
  manager.on('connectFailed', ({ err }) => state.failed(`RabbitMQ cannot be reached: ${String(err)}`));
  const create = manager.createChannel.bind(manager);
  manager.createChannel = (options?: CreateChannelOpts): ChannelWrapper => {
    const wrapper = create({ ...options, confirm });
    wrapper.on('error', (error) => {
      state.failed(`${name} cannot be set up: ${String(error)}`);
      logger.error(`${name}: ${String(error)}`);
    });
    return wrapper;
  };
  return manager;
}

/** RabbitMQ announces an alarm to those that publish. This goes to no queue. */
export function provokeAlarm(channel: Channel): void {
  channel.publish('', 'alarm', Buffer.alloc(0));
}

/** Resets the connection, so that the broker discards the bytes that it has received and not read. */
export function withdrawUnread({ connection }: ChannelModel): void {
  const { stream } = connection as unknown as { stream: Socket };
  const error = new Error('The connection was reset: RabbitMQ has an alarm and reads nothing');
  if (stream instanceof TLSSocket) {
    stream.destroy(error);
    return;
  }
  stream.resetAndDestroy();
  // A reset is silent on this side.
  stream.emit('error', error);
}

/** Builds all anew when the channel is closed while its connection lives: by a fault of ours, or a queue that was deleted. */
export function rebuildOnClose(channel: Channel, manager: AmqpConnectionManager): void {
  const { connection } = manager;
  channel.on('error', (error) => logger.error(String(error)));
  channel.once('close', () => {
    setTimeout(() => {
      if (connection && manager.connection === connection) connection.close().catch(() => {});
    }, RECONNECT_SECONDS * 1_000).unref();
  });
}

async function ping(channel: Channel, name: string, exchange: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`RabbitMQ does not answer ${name}`)), PING_TIMEOUT_MS);
  });
  await Promise.race([channel.assertExchange(exchange, 'topic', { durable: true }), late]).finally(() =>
    clearTimeout(timer),
  );
}
