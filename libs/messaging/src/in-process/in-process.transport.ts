import type { ServiceName } from '@app/contracts';
import type { CloudEvent } from '../cloud-event.js';
import { consumersOf } from '../event-catalog.js';
import { RETRY_DELAYS_MS } from '../event-delivery.js';
import type { DeadLetter, Transport } from '../transport.js';
import { BroadcastServer } from './broadcast.server.js';
import { EventPublisher, RequestClient } from './clients.js';
import { EventServer } from './event.server.js';
import { MessageStore } from './message-store.js';
import { RequestServer } from './request.server.js';

/** Messages within one process. Requests are function calls. Events are stored in PostgreSQL until each service has handled them. */
export class InProcessTransport implements Transport {
  private readonly store: MessageStore;
  private readonly retryDelaysMs: readonly number[];
  private readonly requestServers = new Set<RequestServer>();
  private readonly eventServers = new Set<EventServer>();
  private readonly heldEvents = new Set<string>();
  private readonly broadcastServers = new Set<BroadcastServer>();

  /** Creates the schema `broker` in the database. */
  constructor({
    databaseUrl,
    retryDelaysMs = RETRY_DELAYS_MS,
  }: {
    databaseUrl: string;
    retryDelaysMs?: readonly number[];
  }) {
    this.store = new MessageStore(databaseUrl);
    this.retryDelaysMs = retryDelaysMs;
  }

  requestServer(service: ServiceName) {
    return new RequestServer(service, this.requestServers);
  }

  eventServer(service: ServiceName) {
    return new EventServer(service, this.store, this.retryDelaysMs, this.eventServers, this.heldEvents);
  }

  broadcastServer(name: string) {
    return new BroadcastServer(name, this.broadcastServers);
  }

  requestClient(caller: string, timeoutMs: number) {
    return new RequestClient(this.requestServers, caller, timeoutMs);
  }

  eventPublisher() {
    return new EventPublisher((event) => this.publish(event));
  }

  deadLetters(service: ServiceName): Promise<DeadLetter[]> {
    return this.store.deadLetters(service);
  }

  redeliver(service: ServiceName, id?: string): Promise<number> {
    return this.store.redeliver(service, id);
  }

  check(): Promise<void> {
    return this.store.check();
  }

  async close(): Promise<void> {
    const servers = [...this.requestServers, ...this.eventServers, ...this.broadcastServers];
    await Promise.all(servers.map((server) => server.close()));
    await this.store.close();
  }

  private async publish(event: CloudEvent): Promise<void> {
    const consumers = consumersOf(event.type);
    const body = JSON.stringify(event);
    const stored = consumers.length ? await this.store.add(event.id, body, consumers) : [];
    for (const message of stored) {
      [...this.eventServers].find(({ service }) => service === message.service)?.offer(message);
    }
    for (const server of this.broadcastServers) server.receive(event.type, body);
  }
}
