import { Logger } from '@nestjs/common';
import type { Channel, ChannelModel } from 'amqplib';

const logger = new Logger('RabbitMQ');

/**
 * Sends the replies of one connection on a separate channel. If the broker closes it, for example because it rejects a reply,
 * the next reply opens another channel. Requests in progress and their consumer are not affected.
 */
export class ReplyChannel {
  private opening?: Promise<Channel>;

  constructor(private readonly connection: ChannelModel) {}

  async send(replyTo: string, correlationId: string | undefined, body: Buffer): Promise<void> {
    this.opening ??= this.open();
    const channel = await this.opening;
    channel.sendToQueue(replyTo, body, { correlationId });
  }

  /** Resolves once the broker has received all replies. */
  async close(): Promise<void> {
    await (await this.opening)?.close();
  }

  private async open(): Promise<Channel> {
    try {
      const channel = await this.connection.createChannel();
      // The broker sends its reason before it closes the channel.
      channel.on('error', (error) => logger.error(`A reply was rejected: ${String(error)}`));
      channel.once('close', () => (this.opening = undefined));
      return channel;
    } catch (error) {
      this.opening = undefined;
      throw error;
    }
  }
}
