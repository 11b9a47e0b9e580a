import type { Transport } from '@app/messaging';
import { MikroORM } from '@mikro-orm/postgresql';
import { Controller, Get, Inject, Optional } from '@nestjs/common';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { TRANSPORT } from '../transport.token.js';

const PATIENCE_MS = 2_000;

/** For orchestrators: live says the process runs, ready that it can do its work now. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    @Inject(TRANSPORT) private readonly transport: Transport,
    @Optional() private readonly orm?: MikroORM,
  ) {}

  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready() {
    const { orm } = this;
    return this.health.check([
      () =>
        this.indicator
          .check('broker')
          .attempt(() => this.transport.check())
          .withTimeout(PATIENCE_MS),
      ...(orm
        ? [
            () =>
              this.indicator
                .check('database')
                .attempt(() => ping(orm))
                .withTimeout(PATIENCE_MS),
          ]
        : []),
    ]);
  }
}

async function ping(orm: MikroORM) {
  await orm.em.fork().execute('select 1');
}
