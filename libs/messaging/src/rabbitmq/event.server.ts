import type { ServiceName } from '@app/contracts';
import type { MessageHandler } from '@nestjs/microservices';
import type { ConfirmChannel, ConsumeMessage } from 'amqplib';
import { setTimeout as sleep } from 'node:timers/promises';
import { addEventHandler, deliver, type Outcome } from '../event-delivery.js';
import type { Broker } from './connection.js';
import { publishConfirmed, Unroutable } from './publish-confirmed.js';
import { attemptsOf, deadHeaders } from './dead-letters.js';
import { RabbitMqServer } from './rabbitmq.server.js';
import { deadQueue, declareEventQueue, declareRetryQueues, eventQueue, retryQueue } from './topology.js';

const EVENTS_AT_ONCE = 32;

/** Receives a service's events. An event leaves its queue only after it was handled or moved to another queue. */
export class EventServer extends RabbitMqServer<ConfirmChannel> {
  protected readonly atOnce = EVENTS_AT_ONCE;
  protected readonly confirms = true;

  constructor(
    broker: Broker,
    private readonly service: ServiceName,
  ) {
    super(broker, `${service}.events`);
  }

  override addHandler(type: string, handler: MessageHandler, isEvent = false): void {
    addEventHandler(this.messageHandlers, type, handler, isEvent);
  }

  protected async declare(channel: ConfirmChannel): Promise<string> {
    await declareRetryQueues(channel, this.broker);
    return declareEventQueue(channel, this.broker, this.service);
  }

  protected async process(message: ConsumeMessage, channel: ConfirmChannel): Promise<void> {
    const attempts = attemptsOf(message);
    const outcome = await deliver(this.messageHandlers, {
      consumer: this.service,
      body: message.content.toString(),
      attempts,
      delaysMs: this.broker.retryDelaysMs,
    });
    try {
      if (outcome.kind !== 'done') await this.setAside(message, channel, attempts + 1, outcome);
      channel.ack(message);
    } catch (error) {
      if (error instanceof Unroutable) await this.declare(channel).catch(() => {});
      this.logger.warn(`${this.name}: a message is returned to its queue: ${String(error)}`);
      // The broker accepts nothing now. If the channel has closed, the broker has already requeued the message.
      await sleep(1_000, undefined, { ref: false });
      channel.nack(message);
    }
  }

  private async setAside(
    { content, properties }: ConsumeMessage,
    channel: ConfirmChannel,
    attempts: number,
    outcome: Exclude<Outcome, { kind: 'done' }>,
  ): Promise<void> {
    const { contentType, messageId } = properties;
    const headers = deadHeaders(attempts, outcome.reason);
    const [exchange, routingKey] =
      outcome.kind === 'retry'
        ? [retryQueue(this.broker, outcome.delayMs), eventQueue(this.broker, this.service)]
        : ['', deadQueue(this.broker, this.service)];
    await publishConfirmed(channel, exchange, routingKey, content, { contentType, messageId, headers });
  }
}
