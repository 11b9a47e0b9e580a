import { AppError } from '@app/contracts';
import type { ReadPacket, WritePacket } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel, ConsumeMessage, Message } from 'amqplib';
import { randomUUID } from 'node:crypto';
import { defer, type Observable } from 'rxjs';
import { checkedSize } from '../message-size.js';
import { serviceOf, unavailable, withDeadline, type Answer } from '../request-dispatch.js';
import { currentOrigin } from '@app/telemetry';
import { withdrawUnread, type Broker } from './connection.js';
import { RabbitMqClient } from './rabbitmq.client.js';
import { requestQueue, TIME_LEFT } from './topology.js';

const REPLIES = 'amq.rabbitmq.reply-to';

type Callback = (packet: WritePacket) => void;

/** The data of a request and its deadline by the monotonic clock of this process. */
interface Timed<I> {
  data: I;
  deadline: number;
}

/** Sends requests to all services. A request never hangs, and it never runs after its deadline. */
export class RequestClient extends RabbitMqClient {
  /** A lost request ends in its caller's timeout. */
  protected readonly confirms = false;
  private readonly waiting = new Map<string, Callback>();

  constructor(
    broker: Broker,
    private readonly caller: string,
    private readonly timeoutMs: number,
  ) {
    super(broker, `${caller}.caller`);
  }

  override send<R, I>(pattern: string, data: I): Observable<R> {
    const { caller, timeoutMs } = this;
    // The deadline includes the time to connect.
    return defer(() => {
      const timed = { data, deadline: performance.now() + timeoutMs };
      return withDeadline(super.send<R, Timed<I>>(pattern, timed), { caller, pattern, timeoutMs });
    });
  }

  override createClient(): AmqpConnectionManager {
    const manager = super.createClient();
    // After the alarm the broker would deliver the requests that it has not read yet, long after their deadlines.
    manager.on('blocked', () => {
      if (this.waiting.size > 0 && manager.connection) withdrawUnread(manager.connection);
    });
    return manager;
  }

  protected async prepare(channel: Channel): Promise<void> {
    channel.on('return', ({ properties }: Message) =>
      this.settle(properties.correlationId as string, { err: unavailable('The service is unavailable') }),
    );
    channel.once('close', () => {
      const err = new AppError('SERVICE_TIMEOUT', 'The connection was lost before the reply arrived');
      for (const correlationId of this.waiting.keys()) this.settle(correlationId, { err });
    });
    await channel.consume(REPLIES, (message) => message && this.answered(message), { noAck: true });
  }

  protected override publish({ pattern, data: timed }: ReadPacket<Timed<unknown>>, callback: Callback): () => void {
    const { data, deadline } = timed;
    const correlationId = randomUUID();
    try {
      const queue = requestQueue(this.broker, serviceOf(String(pattern)));
      const body = checkedSize(JSON.stringify({ pattern, data }), `request ${pattern}`);
      const timeLeft = Math.max(0, Math.floor(deadline - performance.now()));
      this.channelNow().sendToQueue(queue, Buffer.from(body), {
        correlationId,
        replyTo: REPLIES,
        mandatory: true,
        // The time to reach a server.
        expiration: timeLeft,
        headers: { [TIME_LEFT]: timeLeft, ...currentOrigin() },
      });
      this.waiting.set(correlationId, callback);
    } catch (err) {
      callback({ err });
    }
    return () => this.waiting.delete(correlationId);
  }

  private answered({ properties, content }: ConsumeMessage): void {
    this.settle(properties.correlationId as string, JSON.parse(content.toString()) as Answer);
  }

  private settle(correlationId: string, packet: WritePacket): void {
    this.waiting.get(correlationId)?.({ ...packet, isDisposed: true });
    this.waiting.delete(correlationId);
  }
}
