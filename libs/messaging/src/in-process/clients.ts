import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import type { Observable } from 'rxjs';
import type { CloudEvent } from '../cloud-event.js';
import { checkedSize } from '../message-size.js';
import { serviceOf, unavailable, withDeadline } from '../request-dispatch.js';
import { currentOrigin } from '@app/telemetry';
import type { RequestServer } from './request.server.js';

abstract class InProcessClient extends ClientProxy {
  async connect(): Promise<void> {}

  close(): void {}

  unwrap<T>(): T {
    return this as unknown as T;
  }
}

export class RequestClient extends InProcessClient {
  constructor(
    private readonly servers: ReadonlySet<RequestServer>,
    private readonly caller: string,
    private readonly timeoutMs: number,
  ) {
    super();
    this.initializeSerializer({});
    this.initializeDeserializer({});
  }

  override send<R, I>(pattern: string, data: I): Observable<R> {
    const { caller, timeoutMs } = this;
    return withDeadline(super.send<R, I>(pattern, data), { caller, pattern, timeoutMs });
  }

  /** Converts both messages to JSON, so that no objects are shared and everything works between processes too. */
  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const service = serviceOf(String(pattern));
    const server = [...this.servers].find((server) => server.service === service);
    if (!server) {
      callback({ err: unavailable('The service is unavailable') });
      return () => {};
    }
    let json: string;
    try {
      json = checkedSize(JSON.stringify({ pattern, data }), `request ${pattern}`);
    } catch (err) {
      callback({ err });
      return () => {};
    }
    const request = { ...(JSON.parse(json) as { pattern: string; data: unknown }), ...currentOrigin() };
    return server.ask({
      request,
      reply: (answer) => callback({ ...(JSON.parse(answer) as WritePacket), isDisposed: true }),
    });
  }

  protected dispatchEvent(): Promise<never> {
    throw new Error('This client sends requests');
  }
}

export class EventPublisher extends InProcessClient {
  constructor(private readonly publishEvent: (event: CloudEvent) => Promise<void>) {
    super();
  }

  protected dispatchEvent<T>({ data }: ReadPacket<CloudEvent>): Promise<T> {
    return this.publishEvent(data) as Promise<T>;
  }

  protected publish(): never {
    throw new Error('This client publishes events');
  }
}
