import { Controller, Get, type OnModuleDestroy, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { Dependencies } from './dependencies.js';

/** Probes for orchestrators. live: the process runs. started: it has begun to work. ready: it can do its work now. */
@Controller('health')
export class HealthController implements OnModuleDestroy {
  private phase: 'starting' | 'running' | 'stopping' = 'starting';

  constructor(
    private readonly health: HealthCheckService,
    private readonly dependencies: Dependencies,
  ) {}

  @Get('live')
  live() {
    return { status: 'ok' };
  }

  @Get('started')
  started() {
    if (this.phase === 'starting') throw new ServiceUnavailableException('This process is starting');
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  async ready() {
    if (this.phase === 'stopping') throw new ServiceUnavailableException('This process is stopping');
    // First the dependencies: if one of them prevents the start, the response names it.
    const result = await this.health.check(this.dependencies.checks);
    if (this.phase === 'starting') throw new ServiceUnavailableException('This process is starting');
    return result;
  }

  /** The process receives messages from now on. */
  markStarted() {
    this.phase = 'running';
  }

  onModuleDestroy() {
    this.phase = 'stopping';
  }
}
