import { Controller, Get, type OnModuleDestroy, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheck, HealthCheckService } from '@nestjs/terminus';
import { Dependencies } from './dependencies.js';

/** For orchestrators: live says the process runs, started that it has begun its work, ready that it can do it now. */
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
    // Fails with the reason where one of them keeps the process from starting.
    const result = await this.health.check(this.dependencies.checks);
    if (this.phase === 'starting') throw new ServiceUnavailableException('This process is starting');
    return result;
  }

  /** It receives messages from now on. */
  markStarted() {
    this.phase = 'running';
  }

  onModuleDestroy() {
    this.phase = 'stopping';
  }
}
