import type { ServiceName } from '@app/contracts';
import { RETRY_DELAYS_MS } from '../event-delivery.js';
import type { ClientProxy } from '@nestjs/microservices';
import type { DeadLetter, Transport, TransportServer } from '../transport.js';
import { BroadcastServer } from './broadcast.server.js';
import type { Broker } from './connection.js';
import { listDeadLetters, redeliverDeadLetters } from './dead-letters.js';
import { EventPublisher } from './event.publisher.js';
import { EventServer } from './event.server.js';
import { RequestClient } from './request.client.js';
import { RequestServer } from './request.server.js';

type Part = RequestServer | EventServer | BroadcastServer | RequestClient | EventPublisher;

/** Messages between processes. */
export class RabbitMqTransport implements Transport {
  private readonly broker: Broker;
  private readonly parts: Part[] = [];

  /** `prefix` starts the name of every queue and exchange, so that several systems can share a broker. */
  constructor({ url, prefix = '', retryDelaysMs = RETRY_DELAYS_MS }: Partial<Broker> & { url: string }) {
    this.broker = { url, prefix, retryDelaysMs };
  }

  requestServer(service: ServiceName): TransportServer {
    return this.kept(new RequestServer(this.broker, service)) as TransportServer;
  }

  eventServer(service: ServiceName): TransportServer {
    return this.kept(new EventServer(this.broker, service)) as TransportServer;
  }

  broadcastServer(name: string, missed: () => void): TransportServer {
    return this.kept(new BroadcastServer(this.broker, name, missed)) as TransportServer;
  }

  requestClient(caller: string, timeoutMs: number): ClientProxy {
    return this.kept(new RequestClient(this.broker, caller, timeoutMs)) as ClientProxy;
  }

  eventPublisher(source: ServiceName): ClientProxy {
    return this.kept(new EventPublisher(this.broker, source)) as ClientProxy;
  }

  deadLetters(service: ServiceName): Promise<DeadLetter[]> {
    return listDeadLetters(this.broker, service);
  }

  redeliver(service: ServiceName, id?: string): Promise<number> {
    return redeliverDeadLetters(this.broker, service, id);
  }

  async check(): Promise<void> {
    const results = await Promise.allSettled(this.parts.map((part) => part.check()));
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [messageOf(result.reason)] : []));
    if (reasons.length > 0) throw new Error([...new Set(reasons)].join('; '));
  }

  async close(): Promise<void> {
    await Promise.all(this.parts.map((part) => part.close()));
  }

  private kept<P extends Part>(part: P): P {
    this.parts.push(part);
    return part;
  }
}

const messageOf = (reason: unknown) => (reason instanceof Error ? reason.message : String(reason));
