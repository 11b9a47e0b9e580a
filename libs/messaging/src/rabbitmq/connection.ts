import { Logger } from '@nestjs/common';
import type { RmqOptions } from '@nestjs/microservices';
import type { AmqpConnectionManager, ChannelWrapper, CreateChannelOpts } from 'amqp-connection-manager';
import type { Channel, ConfirmChannel, Options } from 'amqplib';

const RECONNECT_SECONDS = 1;
const CONFIRM_TIMEOUT_MS = 10_000;
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

/**
 * Hears every 'error' that would otherwise end the process, and gives the manager's channels the wanted kind. What is
 * published must not be kept for later by the wrapper, hence the raw channels that servers and clients use.
 */
export function tamed(manager: AmqpConnectionManager, name: string, confirm: boolean): AmqpConnectionManager {
  const create = manager.createChannel.bind(manager);
  manager.createChannel = (options?: CreateChannelOpts): ChannelWrapper => {
    const wrapper = create({ ...options, confirm });
    wrapper.on('error', (error) => logger.error(`${name}: ${String(error)}`));
    return wrapper;
  };
  return manager;
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

/** Resolves once the broker has the message. @throws when it refuses, the connection breaks, or 10 s have passed. */
export async function publishConfirmed(
  channel: ConfirmChannel,
  exchange: string,
  routingKey: string,
  body: Buffer,
  options: Options.Publish,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve, reject) => {
    timer = setTimeout(() => reject(new Error('The broker has not confirmed in time')), CONFIRM_TIMEOUT_MS);
    channel.publish(exchange, routingKey, body, { persistent: true, ...options }, (error) =>
      error ? reject(error as Error) : resolve(),
    );
  }).finally(() => clearTimeout(timer));
}

/** One round trip. @throws when the broker does not answer on this channel. */
export async function ping(channel: Channel | undefined, name: string, exchange: string): Promise<void> {
  if (!channel) throw new Error(`${name} is not connected to RabbitMQ`);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`RabbitMQ does not answer ${name}`)), PING_TIMEOUT_MS);
  });
  await Promise.race([channel.assertExchange(exchange, 'topic', { durable: true }), late]).finally(() =>
    clearTimeout(timer),
  );
}
