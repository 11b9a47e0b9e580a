import type { ServiceName } from '@app/contracts';
import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { setTimeout as sleep } from 'node:timers/promises';
import { Drain } from '../drain.js';
import { addEventHandler, deliver, type Outcome } from '../event-delivery.js';
import { detached } from './detached.js';
import type { MessageStore, StoredMessage } from './message-store.js';

const AT_ONCE = 32;
const MAX_IN_MEMORY = 1_000;
const POLL_MS = 1_000;

/**
 * Receives a service's events: new events as they are published, and from the store events that are due for a retry, left over
 * or redelivered. `held` has the events that any server works on: they are in the store as well and must not be read again.
 */
export class EventServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private readonly inFlight = new Drain();
  private readonly waiting: StoredMessage[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private regularly?: NodeJS.Timeout;
  private moreInStore = false;
  private polling = false;
  private listening = false;

  constructor(
    readonly service: ServiceName,
    private readonly store: MessageStore,
    private readonly retryDelaysMs: readonly number[],
    private readonly servers: Set<EventServer>,
    private readonly held: Set<string>,
  ) {
    super();
  }

  override addHandler(type: string, handler: MessageHandler, isEvent = false): void {
    addEventHandler(this.messageHandlers, type, handler, isEvent);
  }

  listen(callback: () => void): void {
    this.servers.add(this);
    this.listening = true;
    void this.poll();
    this.regularly = setInterval(() => void this.poll(), POLL_MS);
    callback();
  }

  /** Accepts a message that has just been stored. */
  offer(message: StoredMessage): void {
    if (this.waiting.length >= MAX_IN_MEMORY) this.moreInStore = true;
    else if (this.listening && !this.held.has(keyOf(message))) {
      this.held.add(keyOf(message));
      this.waiting.push(message);
      detached(() => this.pump());
    }
  }

  /** Messages that have not been started stay in the store. */
  async close(): Promise<void> {
    this.listening = false;
    this.servers.delete(this);
    for (const message of this.waiting.splice(0)) this.held.delete(keyOf(message));
    clearInterval(this.regularly);
    for (const timer of this.timers) clearTimeout(timer);
    await this.inFlight.drained();
  }

  on(): void {}

  unwrap<T>(): T {
    return this.store as T;
  }

  private pump(): void {
    while (this.listening && this.waiting.length && this.inFlight.size < AT_ONCE) {
      const work = this.handle(this.waiting.shift()!);
      this.inFlight.add(work);
      void work.then(() => this.pump());
    }
    if (this.moreInStore && !this.waiting.length) void this.poll();
  }

  private async handle(message: StoredMessage): Promise<void> {
    const { service: consumer, retryDelaysMs: delaysMs } = this;
    const { body, attempts } = message;
    const outcome = await deliver(this.messageHandlers, { consumer, body, attempts, delaysMs });
    await this.settle({ ...message, attempts: message.attempts + 1 }, outcome);
    this.held.delete(keyOf(message));
    if (outcome.kind === 'retry') this.pollIn(outcome.delayMs);
  }

  /** Retries while the database is unavailable. Closing ends the wait: the message is redelivered, and the inbox detects the duplicate. */
  private async settle(message: StoredMessage, outcome: Outcome): Promise<void> {
    for (;;) {
      try {
        return await this.store.settle(message, outcome);
      } catch (error) {
        this.logger.warn(`${this.service}.events: ${String(error)}`);
        if (!this.listening) return;
        await sleep(POLL_MS, undefined, { ref: false });
      }
    }
  }

  private pollIn(ms: number): void {
    if (!this.listening) return;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      void this.poll();
    }, ms);
    this.timers.add(timer);
  }

  private async poll(): Promise<void> {
    if (this.polling || !this.listening) return;
    this.polling = true;
    this.moreInStore = false;
    try {
      const due = await this.store.pending(this.service, MAX_IN_MEMORY);
      this.moreInStore = due.length === MAX_IN_MEMORY;
      for (const message of due) this.offer(message);
    } catch (error) {
      this.logger.warn(`${this.service}.events: ${String(error)}`);
    }
    this.polling = false;
  }
}

const keyOf = ({ service, id }: StoredMessage) => `${service} ${id}`;
