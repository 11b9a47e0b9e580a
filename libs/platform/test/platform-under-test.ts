import { users } from '@app/contracts';
import { InProcessTransport } from '@app/messaging';
import { idleHandlers, TestDatabase } from '@app/testing';
import { Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DatabaseServiceConfig } from '../src/config/service-config.js';
import type { StaleRows } from '../src/database/pruning.js';
import { startService } from '../src/start-service.js';

/** What the contract requires of the service, without any effect. */
@Module({ controllers: [idleHandlers('user')] })
class IdleModule {}

interface Instance {
  module?: Type;
  stale?: StaleRows[];
  config?: DatabaseServiceConfig;
  settings?: Partial<DatabaseServiceConfig>;
}

/** A service without a domain: instances with only what the platform provides, on a database of their own. */
export class PlatformUnderTest {
  private readonly closing: (() => unknown)[] = [];
  private readonly transport: InProcessTransport;

  private constructor(
    readonly database: TestDatabase,
    private readonly databaseUrl: string,
  ) {
    this.transport = new InProcessTransport({ databaseUrl });
    this.onClose(() => database.drop());
    this.onClose(() => this.transport.close());
  }

  /** @param urlOf the URL that the instances use for the database: a proxy's, for example. */
  static async create(urlOf = async ({ url }: TestDatabase) => url): Promise<PlatformUnderTest> {
    const database = await TestDatabase.create();
    return new PlatformUnderTest(database, await urlOf(database));
  }

  async start({ module, stale, config, settings }: Instance = {}): Promise<NestFastifyApplication> {
    @Module({ imports: [IdleModule, ...(module ? [module] : [])] })
    class ServiceModule {}

    const app = await startService(
      { name: users.service, module: ServiceModule, database: { entities: [], migrations: [], stale } },
      Object.assign(config ?? new DatabaseServiceConfig(), { DATABASE_URL: this.databaseUrl, PORT: 0, ...settings }),
      this.transport,
    );
    this.onClose(() => app.close());
    return app;
  }

  /** Cleanups run in reverse order. */
  onClose(cleanup: () => unknown): void {
    this.closing.push(cleanup);
  }

  async close(): Promise<void> {
    while (this.closing.length) await this.closing.pop()!();
  }
}
