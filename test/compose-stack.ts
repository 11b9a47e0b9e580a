import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DEFAULT_PORTS } from '../libs/contracts/src/services.js';
import type { Stack } from './stack.js';

const cwd = join(import.meta.dirname, '..');
/** Runs in the gateway's container, because the metrics are not served outside of it. Prints the metrics for each line of input. */
const METRICS_READER = `process.stdin.on('data', async () => {
  const response = await fetch('http://127.0.0.1:9464/metrics');
  console.log(await response.text() + '\\n# EOF');
})`;
/** Compose prints this before each line, for terminals. */
const ERASE_LINE = '\u001b[2K';
const MAX_OUTPUT = 256 * 2 ** 20;

/** The containers of docker-compose.yml, two of each app, which `npm run test:compose` starts. All specs share them. */
export class ComposeStack implements Stack {
  private reader?: ChildProcess;

  private constructor(readonly urls: readonly string[]) {}

  static async attach(): Promise<ComposeStack> {
    const addresses = await Promise.all(
      ['1', '2'].map((index) => compose('port', '--index', index, 'gateway', String(DEFAULT_PORTS.gateway))),
    );
    return new ComposeStack(addresses.map((address) => `http://${address.trim()}`));
  }

  get url(): string {
    return this.urls[0]!;
  }

  async output(): Promise<string> {
    return (await compose('logs', '--no-color', '--no-log-prefix')).replaceAll(ERASE_LINE, '');
  }

  /** Keeps one process in the container, because starting one takes a second. Not for concurrent calls. */
  async metrics(): Promise<string> {
    const args = ['compose', 'exec', '-T', '--index', '1', 'gateway', 'node', '-e', METRICS_READER];
    this.reader ??= spawn('docker', args, { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdin, stdout } = this.reader;
    stdin!.write('\n');
    let text = '';
    while (!text.endsWith('# EOF\n')) text += String((await once(stdout!, 'data'))[0]);
    return text;
  }

  admin(...args: string[]): Promise<string> {
    return compose('exec', '-T', 'user', 'node', 'dist/apps/user/main.js', 'admin', ...args);
  }

  /** Kills a container. */
  async kill(service: string): Promise<void> {
    await docker('kill', await this.container(service));
  }

  async start(service: string): Promise<void> {
    await docker('start', await this.container(service));
  }

  /** According to its health check. */
  async isHealthy(service: string): Promise<boolean> {
    const status = await docker('inspect', '--format', '{{.State.Health.Status}}', await this.container(service));
    return status.trim() === 'healthy';
  }

  /** The containers keep running for the next spec. */
  async stop(): Promise<void> {
    this.reader?.stdin!.end();
  }

  private async container(service: string): Promise<string> {
    return (await compose('ps', '--all', '--quiet', service)).split('\n')[0]!;
  }
}

const compose = (...args: string[]) => docker('compose', ...args);

/** @returns its output. @throws an Error with the output if it fails. */
function docker(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('docker', args, { cwd, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) =>
      error ? reject(new Error(stdout + stderr)) : resolve(stdout),
    );
  });
}
