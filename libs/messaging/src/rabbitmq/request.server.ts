import { AppError, type ServiceName } from '@app/contracts';
import { RmqContext, type MessageHandler } from '@nestjs/microservices';
import type { Channel, ConsumeMessage } from 'amqplib';
import { answerTo, REQUESTS_AT_ONCE, unavailable, type IncomingRequest } from '../request-dispatch.js';
import type { Broker } from './connection.js';
import { RabbitMqServer } from './rabbitmq.server.js';
import { ReplyChannel } from './reply-channel.js';
import { Standstill } from './standstill.js';
import type { Origin } from '@app/telemetry';
import { requestQueue, TIME_LEFT } from './topology.js';

/** Handles requests at most once: expired requests are not delivered, and redelivered requests are not run again. */
export class RequestServer extends RabbitMqServer {
  protected readonly atOnce = REQUESTS_AT_ONCE;
  /** A lost reply ends in the caller's timeout. */
  protected readonly confirms = false;
  private replies?: ReplyChannel;
  private readonly standstill = new Standstill();

  constructor(
    broker: Broker,
    private readonly service: ServiceName,
  ) {
    super(broker, `${service}.requests`);
  }

  override addHandler(pattern: string, handler: MessageHandler, isEvent = false): void {
    if (!isEvent) this.messageHandlers.set(pattern, handler);
  }

  /** The queue is deleted with its last consumer, so that requests to an unavailable service return to their callers at once. */
  protected async declare(channel: Channel): Promise<string> {
    this.replies = new ReplyChannel(this.server!.connection!);
    const queue = requestQueue(this.broker, this.service);
    await channel.assertQueue(queue, { durable: true, autoDelete: true, arguments: { 'x-expires': 60_000 } });
    return queue;
  }

  protected override async flushed(): Promise<void> {
    this.standstill.stop();
    await this.replies?.close();
  }

  protected async process(message: ConsumeMessage, channel: Channel): Promise<void> {
    const { replies } = this;
    const { replyTo, correlationId } = message.properties as { replyTo?: string; correlationId?: string };
    const refusal = this.refusalOf(message);
    const answer = refusal
      ? JSON.stringify({ err: refusal.toJSON() })
      : await answerTo(
          this.messageHandlers,
          readRequest(message),
          new RmqContext([message, channel, message.fields.routingKey]),
        );
    try {
      if (replyTo) await replies?.send(replyTo, correlationId, Buffer.from(answer));
    } finally {
      channel.ack(message);
    }
  }

  private refusalOf({ fields, properties }: ConsumeMessage): AppError | undefined {
    if (fields.redelivered) return unavailable('The service was interrupted');
    const leftMs = Number(properties.headers?.[TIME_LEFT]);
    const waitedMs = this.standstill.longestWaitMs;
    if (!(waitedMs >= leftMs)) return undefined;
    this.logger.warn(
      `${this.name}: a request was not run: its deadline was ${leftMs} ms and it may have waited ${Math.round(waitedMs)} ms in this process`,
    );
    return new AppError('SERVICE_TIMEOUT', 'The request reached its service too late');
  }
}

/** A malformed request gets a pattern without a handler. */
function readRequest({ content, properties }: ConsumeMessage): IncomingRequest {
  try {
    const { pattern, data } = JSON.parse(content.toString()) as IncomingRequest;
    const { traceparent, requestId } = (properties.headers ?? {}) as Origin;
    return { pattern, data, traceparent, requestId };
  } catch {
    return { pattern: '', data: undefined };
  }
}
