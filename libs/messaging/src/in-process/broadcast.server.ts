import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { Drain } from '../drain.js';
import { addEventHandler, deliver } from '../event-delivery.js';
import { detached } from './detached.js';

/** Receives events while it runs. Nothing is stored for it, and a failed event is logged but not retried. */
export class BroadcastServer extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private readonly inFlight = new Drain();

  constructor(
    private readonly consumer: string,
    private readonly servers: Set<BroadcastServer>,
  ) {
    super();
  }

  override addHandler(type: string, handler: MessageHandler, isEvent = false): void {
    addEventHandler(this.messageHandlers, type, handler, isEvent);
  }

  listen(callback: () => void): void {
    this.servers.add(this);
    callback();
  }

  receive(type: string, body: string): void {
    if (!this.messageHandlers.has(type)) return;
    const delivery = { consumer: this.consumer, body, attempts: 0, delaysMs: [] };
    this.inFlight.add(detached(() => deliver(this.messageHandlers, delivery)));
  }

  async close(): Promise<void> {
    this.servers.delete(this);
    await this.inFlight.drained();
  }

  on(): void {}

  unwrap<T>(): T {
    return this.servers as T;
  }
}
