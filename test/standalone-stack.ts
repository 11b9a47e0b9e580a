import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppProcess, freePorts } from './app-process.js';
import type { Stack } from './stack.js';

/** As on the services stack: test machines are slow. */
const TIMEOUTS = { REQUEST_TIMEOUT_MS: '10000', DATABASE_LOCK_TIMEOUT_MS: '5000' };

/** The standalone with a new data folder. */
export class StandaloneStack implements Stack {
  private removedLog?: string;

  private constructor(
    readonly app: AppProcess,
    readonly folder: string,
  ) {}

  /** @param environment is added to the environment of the process. */
  static async start(environment: Record<string, string> = {}): Promise<StandaloneStack> {
    const folder = await mkdtemp(join(tmpdir(), 'bazaar-standalone-'));
    const stack = new StandaloneStack(await standaloneOn(folder, environment), folder);
    try {
      await stack.app.start();
    } catch (error) {
      await stack.remove();
      throw error;
    }
    return stack;
  }

  get urls(): string[] {
    return [this.url];
  }

  get url(): string {
    return this.app.url;
  }

  /** Includes the log of its PostgreSQL. */
  async output(): Promise<string> {
    return this.app.output + (this.removedLog ?? this.readLog());
  }

  metrics(): Promise<string> {
    return this.app.metrics();
  }

  admin(...args: string[]): Promise<string> {
    return this.app.run('admin', ...args);
  }

  async stop(): Promise<void> {
    try {
      // A killed standalone leaves its PostgreSQL running, and only the standalone can stop it.
      if (!this.app.isRunning) await this.app.start();
      await this.app.stop();
    } finally {
      await this.remove();
    }
  }

  private readLog(): string {
    const file = join(this.folder, 'postgres', 'postgresql.log');
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  private async remove(): Promise<void> {
    await this.app.kill();
    this.removedLog = this.readLog();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function standaloneOn(folder: string, environment: Record<string, string> = {}): Promise<AppProcess> {
  const [PORT] = await freePorts(1);
  return new AppProcess('standalone', { PORT: PORT!, DATA_DIR: folder, ...TIMEOUTS, ...environment });
}
