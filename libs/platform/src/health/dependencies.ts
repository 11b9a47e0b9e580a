import { OutboxRelay, type Transport } from '@app/messaging';
import { MikroORM } from '@mikro-orm/postgresql';
import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { Gauge } from 'prom-client';
import { SERVICE_NAME, TRANSPORT } from '../tokens.js';
import { DatabaseProbe } from './database-probe.js';

const CHECK_TIMEOUT_MS = 2_000;
const MEASURE_INTERVAL_MS = 5_000;

export const healthStatus = new Gauge({
  name: 'bazaar_health_status',
  help: 'Whether a dependency of the service is available: 1 up, 0 down',
  labelNames: ['service', 'dependency'] as const,
});

/** Checks what this app depends on: for each readiness request, and every 5 s for the metric. */
@Injectable()
export class Dependencies implements OnApplicationBootstrap, OnApplicationShutdown {
  /** For terminus. */
  readonly checks: (() => Promise<HealthIndicatorResult>)[];
  private readonly database?: DatabaseProbe;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly indicator: HealthIndicatorService,
    @Inject(SERVICE_NAME) private readonly service: string,
    @Inject(TRANSPORT) transport: Transport,
    @Optional() orm?: MikroORM,
    @Optional() relay?: OutboxRelay,
  ) {
    this.checks = [this.check('broker', () => transport.check())];
    if (orm) {
      const database = new DatabaseProbe(orm.config.get('clientUrl')!, service);
      this.checks.push(this.check('database', () => database.check()));
      this.database = database;
    }
    if (relay) this.checks.push(this.check('outbox', async () => relay.check()));
  }

  onApplicationBootstrap() {
    const measure = () => void Promise.all(this.checks.map((check) => check()));
    this.timer = setInterval(measure, MEASURE_INTERVAL_MS).unref();
    measure();
  }

  async onApplicationShutdown() {
    clearInterval(this.timer);
    await this.database?.close();
  }

  private check(dependency: string, answers: () => Promise<unknown>): () => Promise<HealthIndicatorResult> {
    return async () => {
      const attempt = async () => void (await answers());
      const result = await this.indicator.check(dependency).attempt(attempt).withTimeout(CHECK_TIMEOUT_MS);
      healthStatus.set({ service: this.service, dependency }, Number(result[dependency]?.status === 'up'));
      return result;
    };
  }
}
