import type { ServiceName } from '@app/contracts';
import { BaseRpcContext, Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { Drain } from '../drain.js';
import { answerTo, REQUESTS_AT_ONCE, unavailable, type IncomingRequest } from '../request-dispatch.js';
import { detached } from './detached.js';

interface Asked {
  request: IncomingRequest;
  /** Receives the reply as JSON. */
  reply: (answer: string) => void;
}

/** Receives a service's requests. */
export class RequestServer extends Server implements CustomTransportStrategy {
  private readonly inFlight = new Drain();
  private readonly waiting = new Set<Asked>();

  constructor(
    readonly service: ServiceName,
    private readonly servers: Set<RequestServer>,
  ) {
    super();
  }

  override addHandler(pattern: string, handler: MessageHandler, isEvent = false): void {
    if (!isEvent) this.messageHandlers.set(pattern, handler);
  }

  listen(callback: (error?: unknown) => void): void {
    this.servers.add(this);
    callback();
  }

  /** @returns a function that cancels the request if it has not started. */
  ask(asked: Asked): () => void {
    this.waiting.add(asked);
    detached(() => this.pump());
    return () => this.waiting.delete(asked);
  }

  async close(): Promise<void> {
    this.servers.delete(this);
    for (const { reply } of this.waiting)
      reply(JSON.stringify({ err: unavailable('The service is shutting down').toJSON() }));
    this.waiting.clear();
    await this.inFlight.drained();
  }

  on(): void {}

  unwrap<T>(): T {
    return this.servers as T;
  }

  private pump(): void {
    for (const asked of this.waiting) {
      if (this.inFlight.size >= REQUESTS_AT_ONCE) return;
      this.waiting.delete(asked);
      const work = answerTo(this.messageHandlers, asked.request, new BaseRpcContext([asked.request.pattern])).then(
        asked.reply,
      );
      this.inFlight.add(work);
      void work.then(() => this.pump());
    }
  }
}
