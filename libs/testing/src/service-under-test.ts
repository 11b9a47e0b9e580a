import { contracts, type Contract, type ClientOf, type Event, type Payload, type ServiceName } from '@app/contracts';
import {
  clientOf,
  cloudEvent,
  InProcessTransport,
  RabbitMqTransport,
  type Transport,
  type TransportServer,
} from '@app/messaging';
import { DatabaseServiceConfig, startService, type ServiceDefinition } from '@app/platform';
import type { ClientProxy } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { randomUUID } from 'node:crypto';
import { lastValueFrom } from 'rxjs';
import { eventually } from './eventually.js';
import { TestBroker } from './test-broker.js';
import { TestDatabase } from './test-database.js';

/** Answers of another service, by the names in its contract. Requests without an answer fail. */
export type Stub<C extends Contract> = Partial<ClientOf<C>>;
export type Stubs = { [S in ServiceName]?: Stub<(typeof contracts)[S]> };

/**
 * One service with its own database and a real transport: RabbitMQ if `TEST_RABBITMQ_URL` is set, else in process. Stubs answer
 * for the other services, and the events of the service are recorded.
 */
export class ServiceUnderTest {
  /** Every event that the service has published, in the order of arrival. */
  readonly published: { type: string; data: unknown }[] = [];
  private readonly sentIds = new Set<string>();
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly name: ServiceName,
    readonly database: TestDatabase,
    readonly transport: Transport,
    private readonly config: DatabaseServiceConfig,
  ) {}

  static async start(
    definition: ServiceDefinition,
    stubs: Stubs = {},
    config = new DatabaseServiceConfig(),
  ): Promise<ServiceUnderTest> {
    const name = definition.name as ServiceName;
    const database = await TestDatabase.create();
    const rabbitMqUrl = process.env.TEST_RABBITMQ_URL;
    const broker = rabbitMqUrl ? new TestBroker(rabbitMqUrl) : undefined;
    const transport = broker ? new RabbitMqTransport(broker) : new InProcessTransport({ databaseUrl: database.url });
    const service = new ServiceUnderTest(name, database, transport, config);
    service.closing.push(
      () => database.drop(),
      async () => broker?.drop(),
      () => transport.close(),
    );
    try {
      for (const [other, stub] of Object.entries(stubs)) await service.stub(other as ServiceName, stub);
      await service.recordEventsOf(contracts[name]);
      await service.startInstance(definition);
    } catch (error) {
      await service.close();
      throw error;
    }
    return service;
  }

  /** Starts another instance of the service, on the same database and queues. */
  async startInstance(definition: ServiceDefinition): Promise<NestFastifyApplication> {
    Object.assign(this.config, { DATABASE_URL: this.database.url, REQUEST_TIMEOUT_MS: 1_000, PORT: undefined });
    const app = await startService(definition, this.config, this.transport);
    this.closing.push(() => app.close());
    return app;
  }

  /** A client of the service, as another service has it. */
  client<C extends Contract>(contract: C): ClientOf<C> {
    const proxy = this.transport.requestClient(this.name, 20_000);
    this.closing.push(async () => proxy.close());
    return clientOf(contract, proxy);
  }

  /** Resolves when the service has handled every event that was published to it, and its own events are published. */
  async settled(): Promise<void> {
    await eventually(async () => {
      const [{ handled, waiting }] = (await this.database.query<{ handled: number; waiting: number }>(
        `select (select count(*)::int from inbox where message_id = any($1)) as handled,
                (select count(*)::int from outbox) as waiting`,
        [[...this.sentIds]],
      )) as [{ handled: number; waiting: number }];
      if (handled < this.sentIds.size || waiting)
        throw new Error(`${this.sentIds.size - handled} events not handled, ${waiting} not published`);
    });
  }

  /** Publishes an event of another service. With the id of an earlier event, it is a redelivery. */
  async publish<E extends Event>(event: E, data: Payload<E>, id: string = randomUUID()): Promise<void> {
    this.sentIds.add(id);
    const publisher = this.publisherOf(event.pattern.split('.')[0] as ServiceName);
    const message = cloudEvent({ id, type: event.pattern, data, time: new Date(), traceparent: null });
    await lastValueFrom(publisher.emit(event.pattern, message), { defaultValue: undefined });
  }

  publishedOf<E extends Event>(event: E): Payload<E>[] {
    return this.published.filter(({ type }) => type === event.pattern).map(({ data }) => data as Payload<E>);
  }

  async close(): Promise<void> {
    while (this.closing.length) await this.closing.pop()!();
  }

  private readonly publishers = new Map<ServiceName, ClientProxy>();

  private publisherOf(source: ServiceName): ClientProxy {
    const known = this.publishers.get(source);
    if (known) return known;
    const publisher = this.transport.eventPublisher(source);
    this.publishers.set(source, publisher);
    this.closing.push(async () => publisher.close());
    return publisher;
  }

  private stub(other: ServiceName, answers: object) {
    const server = this.transport.requestServer(other);
    for (const [request, answer] of Object.entries(answers) as [string, (input: unknown) => Promise<unknown>][])
      server.addHandler(`${other}.${request}`, (input: unknown) => answer(input));
    return this.listen(server);
  }

  private recordEventsOf(contract: Contract) {
    const server = this.transport.broadcastServer('test', () => undefined);
    for (const { pattern } of Object.values(contract.events))
      server.addHandler(
        pattern,
        async (data: unknown) => {
          this.published.push({ type: pattern, data });
        },
        true,
      );
    return this.listen(server);
  }

  private async listen(server: TransportServer): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      void server.listen((error?: unknown) => (error ? reject(error) : resolve()));
    });
    this.closing.push(async () => server.close());
  }
}
