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
  /** The prefix of every queue and exchange name. */
  prefix: string;
  retryDelaysMs: readonly number[];
}

/** Options of Nest's servers and clients. `name` is the connection name that operators see. */
export const connectTo = ({ url, prefix }: Broker, name: string): NonNullable<RmqOptions['options']> => ({
  urls: [url],
  socketOptions: {
    heartbeatIntervalInSeconds: 5,
    reconnectTimeInSeconds: RECONNECT_SECONDS,
    connectionOptions: {
      // Without it, a reply of several frames waits for TCP acknowledgements.
      noDelay: true,
      keepAlive: true,
      timeout: 5_000,
      clientProperties: { connection_name: prefix + name },
    },
  },
});

const logger = new Logger('RabbitMQ');

/** The state of a server's or client's connection, with the reason of a failure. */
export class BrokerState {
  private alarm?: string;
  private failure?: string;

  constructor(private readonly name: string) {}

  /** Its channel works. */
  ready(): void {
    this.failure = undefined;
  }

  failed(error: unknown): void {
    this.failure = String(error);
  }

  /** RabbitMQ stops reading from publishing connections while it is low on memory or disk. */
  blocked(reason: string | undefined): void {
    this.alarm = reason;
  }

  /** @throws AppError SERVICE_UNAVAILABLE while the broker has an alarm. */
  assertNotBlocked(): void {
    if (this.alarm !== undefined) throw unavailable(`RabbitMQ has an alarm and accepts no messages: ${this.alarm}`);
  }

  /** Makes one round trip. @throws with the reason if the channel does not work. */
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
 * Handles every 'error' event, since an unhandled one ends the process, and creates channels with or without confirms. Servers
 * and clients use the raw channels, because the wrapper would keep messages and publish them later.
 */
export function withErrorHandlers(
  manager: AmqpConnectionManager,
  { name, confirm, state }: { name: string; confirm: boolean; state: BrokerState },
): AmqpConnectionManager {
  manager.on('blocked', ({ reason }) => state.blocked(reason));
  manager.on('unblocked', () => state.blocked(undefined));
  manager.on('disconnect', () => state.blocked(undefined));
  manager.on('connectFailed', ({ err }) => state.failed(`RabbitMQ is unreachable: ${String(err)}`));
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

/** RabbitMQ reports alarms only to connections that publish, so this publishes a message that no queue receives. */
export function provokeAlarm(channel: Channel): void {
  channel.publish('', 'alarm', Buffer.alloc(0));
}

/** Resets the connection, so that the broker discards the bytes that it has received but not read. */
export function withdrawUnread({ connection }: ChannelModel): void {
  const { stream } = connection as unknown as { stream: Socket };
  const error = new Error('The connection was reset: RabbitMQ has an alarm and does not read');
  if (stream instanceof TLSSocket) {
    stream.destroy(error);
    return;
  }
  stream.resetAndDestroy();
  // A reset emits no event on this side.
  stream.emit('error', error);
}

/** Reconnects after the broker has closed only the channel, because of an invalid operation or a deleted queue. */
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
