import { ClientRMQ, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { AmqpConnectionManager } from 'amqp-connection-manager';
import type { Channel, ConsumeMessage, Message } from 'amqplib';
import { randomUUID } from 'node:crypto';
import type { Observable } from 'rxjs';
import { AppError } from '@app/contracts';
import { serviceOf, unavailable, withDeadline, type Answer } from '../request-dispatch.js';
import { currentTraceparent } from '../trace.js';
import { connectTo, ping, rebuildOnClose, tamed, type Broker } from './connection.js';
import { eventExchange, requestQueue } from './topology.js';

const REPLIES = 'amq.rabbitmq.reply-to';

type Callback = (packet: WritePacket) => void;

/** Nest's RabbitMQ client, for the requests to all services: nothing hangs, and nothing is sent after its caller gave up. */
export class RequestClient extends ClientRMQ {
  private readonly waiting = new Map<string, Callback>();
  private live?: Channel;
  private closed = false;

  constructor(
    private readonly broker: Broker,
    private readonly name: string,
    private readonly timeoutMs: number,
  ) {
    super(connectTo(broker, name));
  }

  override createClient(): AmqpConnectionManager {
    return tamed(super.createClient() as AmqpConnectionManager, this.name, false);
  }

  override async setupChannel(channel: Channel, ready: () => void): Promise<void> {
    rebuildOnClose(channel, this.client as AmqpConnectionManager);
    channel.once('close', () => this.lost(channel));
    channel.on('return', ({ properties }: Message) =>
      this.settle(properties.correlationId as string, { err: unavailable('The service does not run') }),
    );
    await channel.consume(REPLIES, (message) => message && this.answered(message), { noAck: true });
    this.live = channel;
    ready();
  }

  override send<R, I>(pattern: string, data: I): Observable<R> {
    return withDeadline(super.send<R, I>(pattern, data), this.timeoutMs);
  }

  /** On the channel itself: the wrapper would keep the request, and send it to be run when its caller has long given up. */
  protected override publish({ pattern, data }: ReadPacket, callback: Callback): () => void {
    const correlationId = randomUUID();
    const queue = requestQueue(this.broker, serviceOf(String(pattern)));
    try {
      if (!this.live) throw unavailable('There is no connection to the broker');
      this.waiting.set(correlationId, callback);
      this.live.sendToQueue(queue, Buffer.from(JSON.stringify({ pattern, data })), {
        correlationId,
        replyTo: REPLIES,
        mandatory: true,
        expiration: this.timeoutMs,
        headers: { traceparent: currentTraceparent() },
      });
    } catch (err) {
      this.waiting.delete(correlationId);
      callback({ err });
    }
    return () => this.waiting.delete(correlationId);
  }

  private answered({ properties, content }: ConsumeMessage): void {
    const answer = JSON.parse(content.toString()) as Answer;
    this.settle(properties.correlationId as string, answer);
  }

  private settle(correlationId: string, packet: WritePacket): void {
    this.waiting.get(correlationId)?.({ ...packet, isDisposed: true });
    this.waiting.delete(correlationId);
  }

  private lost(channel: Channel): void {
    if (this.live === channel) this.live = undefined;
    const err = new AppError('SERVICE_TIMEOUT', 'The connection was lost before the answer came');
    for (const correlationId of this.waiting.keys()) this.settle(correlationId, { err });
  }

  override async connect(): Promise<void> {
    if (this.closed) throw unavailable('This process is closing');
    await super.connect();
  }

  async check(): Promise<void> {
    if (this.closed) return;
    await this.connect();
    await ping(this.live, this.name, eventExchange(this.broker));
  }

  override async close(): Promise<void> {
    this.closed = true;
    await super.close();
  }
}
