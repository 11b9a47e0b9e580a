import type { Event, Payload, ServiceName } from '@app/contracts';
import { TestBroker, TestDatabase } from '@app/testing';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Migrator } from '@mikro-orm/migrations';
import { MikroOrmModule } from '@mikro-orm/nestjs';
import { defineConfig, MikroORM } from '@mikro-orm/postgresql';
import { ConsoleLogger, Logger, type DynamicModule, type INestApplication, type Type } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { randomUUID } from 'node:crypto';
import { lastValueFrom } from 'rxjs';
import { cloudEvent } from '../src/cloud-event.js';
import { InProcessTransport } from '../src/in-process/in-process.transport.js';
import { InboxMessage } from '../src/inbox/inbox-message.entity.js';
import { connectMessaging, MessagingModule } from '../src/messaging.module.js';
import { MessagingMigration } from '../src/outbox/messaging.migration.js';
import { OutboxMessage } from '../src/outbox/outbox-message.entity.js';
import { RabbitMqTransport } from '../src/rabbitmq/rabbitmq.transport.js';
import { REQUEST_CLIENT } from '../src/request-clients.js';
import type { Transport } from '../src/transport.js';

// The specs provoke many errors. Only fatal ones are logged.
const logger = new ConsoleLogger({ logLevels: ['fatal'] });
Logger.overrideLogger(logger);

export const RABBITMQ_URL = process.env.TEST_RABBITMQ_URL;
export const RETRY_DELAYS_MS = [50, 100, 150];

/** Both transports, or only the one that is available. */
export const transports = RABBITMQ_URL ? (['in process', 'RabbitMQ'] as const) : (['in process'] as const);

interface Part {
  service?: ServiceName;
  controllers?: Type[];
  imports?: DynamicModule[];
  requestTimeoutMs?: number;
  /** The database for the outbox and the inbox; omitted for none. */
  databaseUrl?: string;
  transport?: Transport;
  /** Starts only with a handler for everything in its contract, as in production. */
  isComplete?: boolean;
}

/** A database, a broker and apps that use them. `close` removes all of it. */
export class World {
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly broker: TestBroker | undefined,
    readonly transport: Transport,
  ) {}

  static async open(kind: (typeof transports)[number]): Promise<World> {
    const database = await TestDatabase.create();
    const broker = kind === 'RabbitMQ' ? new TestBroker(RABBITMQ_URL!, RETRY_DELAYS_MS) : undefined;
    const transport = broker
      ? new RabbitMqTransport({ url: broker.url, prefix: broker.prefix, retryDelaysMs: RETRY_DELAYS_MS })
      : new InProcessTransport({ databaseUrl: database.url, retryDelaysMs: RETRY_DELAYS_MS });
    await database.query('create table effects (seq serial, what text)');
    return new World(database, broker, transport);
  }

  async start(part: Part): Promise<INestApplication> {
    const { service, controllers, imports = [], requestTimeoutMs = 20_000, databaseUrl } = part;
    const transport = part.transport ?? this.transport;
    const orm = databaseUrl ? [await withTables(databaseUrl)] : [];
    const module = await Test.createTestingModule({
      imports: [MessagingModule.forRoot({ service, transport, databaseUrl, requestTimeoutMs }), ...orm, ...imports],
      controllers,
    })
      .setLogger(logger)
      .compile();
    const app = module.createNestApplication(new FastifyAdapter());
    this.later(() => app.close());
    if (service && !part.isComplete)
      for (const strategy of [transport.requestServer(service), transport.eventServer(service)])
        app.connectMicroservice({ strategy }, { inheritAppConfig: true });
    else connectMessaging(app, service ?? { broadcast: 'gateway' }, transport);
    await app.init();
    await app.startAllMicroservices();
    return app;
  }

  /** Sends requests from an app without handlers. */
  async caller(
    requestTimeoutMs?: number,
    transport?: Transport,
  ): Promise<(pattern: string, data: object) => Promise<unknown>> {
    const app = await this.start({ requestTimeoutMs, transport });
    const proxy = app.get<ClientProxy>(REQUEST_CLIENT);
    return (pattern, data) => lastValueFrom(proxy.send(pattern, data));
  }

  /** Publishes events as a relay does. */
  publisherFor(source: ServiceName): (type: string, data: object, id?: string) => Promise<string> {
    const publisher = this.transport.eventPublisher(source);
    this.later(async () => publisher.close());
    return async (type, data, id = randomUUID()) => {
      const event = cloudEvent({ id, type, data, time: new Date(), traceparent: null });
      await lastValueFrom(publisher.emit(type, event), { defaultValue: undefined });
      return id;
    };
  }

  /** Adds one event for each payload to the outbox, as a service would in its own transaction. */
  async addToOutbox<E extends Event>(event: E, ...payloads: Payload<E>[]): Promise<void> {
    await this.database.query(
      `insert into outbox (id, type, data)
       select gen_random_uuid(), $1, data from jsonb_array_elements($2) with ordinality as list (data, number) order by number`,
      [event.pattern, JSON.stringify(payloads)],
    );
  }

  async effects(): Promise<string[]> {
    const rows = await this.database.query<{ what: string }>('select what from effects order by seq');
    return rows.map(({ what }) => what);
  }

  later(close: () => Promise<unknown>): void {
    this.closing.push(close);
  }

  async close(): Promise<void> {
    while (this.closing.length) await this.closing.pop()!();
    await this.transport.close();
    await this.broker?.drop();
    await this.database.drop();
  }
}

export const ormOptions = (databaseUrl: string) =>
  defineConfig({
    clientUrl: databaseUrl,
    entities: [OutboxMessage, InboxMessage],
    metadataProvider: ReflectMetadataProvider,
    extensions: [Migrator],
    migrations: { migrationsList: [MessagingMigration], snapshot: false },
    logger: () => {},
  });

async function withTables(databaseUrl: string): Promise<DynamicModule> {
  const orm = await MikroORM.init(ormOptions(databaseUrl));
  await orm.migrator.up();
  await orm.close();
  return MikroOrmModule.forRoot({ ...ormOptions(databaseUrl), registerRequestContext: false });
}
