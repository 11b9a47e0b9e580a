import { Logger } from '@nestjs/common';
import type { Channel, ChannelModel } from 'amqplib';

const logger = new Logger('RabbitMQ');

/**
 * Sends the replies of one connection on a channel of their own. When the broker closes it, as for a reply that it refuses, the
 * next reply opens another; the requests in progress and their consumer stay on their channel.
 */
export class ReplyChannel {
  private opening?: Promise<Channel>;

  constructor(private readonly connection: ChannelModel) {}

  async send(replyTo: string, correlationId: string | undefined, body: Buffer): Promise<void> {
    this.opening ??= this.open();
    const channel = await this.opening;
    channel.sendToQueue(replyTo, body, { correlationId });
  }

  /** Resolves once the broker has received what was sent. */
  async close(): Promise<void> {
    await (await this.opening)?.close();
  }

  private async open(): Promise<Channel> {
    try {
      const channel = await this.connection.createChannel();
      // The broker's reason; 'close' follows.
      channel.on('error', (error) => logger.error(`A reply was refused: ${String(error)}`));
      channel.once('close', () => (this.opening = undefined));
      return channel;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }
}
