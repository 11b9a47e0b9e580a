import { readFile } from 'node:fs/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
/** Passwords of tests need no protection, and hashing them would take most of their CPU. */
const CHEAP_HASH_MEMORY_KIB = '8';
/** Variables that every program needs. The app gets no others from the environment of the tests. */
const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot'];

/** A built app (`dist/apps/<name>/main.js`) in a process that can be stopped, killed and started again. */
export class AppProcess {
  /** Everything printed since the first start. */
  output = '';
  private child?: ChildProcess;

  /** @param env must contain PORT. */
  constructor(
    readonly name: string,
    private readonly env: Record<string, string>,
  ) {}

  /** Another instance of the app, at another port. */
  twin(port: string): AppProcess {
    return new AppProcess(this.name, { ...this.env, PORT: port });
  }

  get url(): string {
    return `http://127.0.0.1:${this.env.PORT}`;
  }

  get pid(): number | undefined {
    return this.isRunning ? this.child?.pid : undefined;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Resolves when the app is ready. @throws with the end of its output if it exits or is not ready in time. */
  async start(): Promise<void> {
    this.child = this.spawn([], (text) => (this.output += text));
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!(await this.isReady())) {
      if (!this.isRunning) throw this.errorWithOutput('has exited');
      if (Date.now() > deadline) throw this.errorWithOutput('is not ready');
      await sleep(100);
    }
  }

  /** Runs a command of the app with the same environment. @returns its output. @throws an Error with the output if it fails. */
  async run(...args: string[]): Promise<string> {
    let printed = '';
    const child = this.spawn(args, (text) => (printed += text));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(printed);
    return printed;
  }

  /** Whether the app reports that it is ready. */
  async isReady(): Promise<boolean> {
    return this.readiness().then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** The response of `/health/ready`. */
  async readiness(): Promise<{ status: number; body: string }> {
    const answer = await fetch(`http://127.0.0.1:${this.env.MANAGEMENT_PORT ?? this.env.PORT}/health/ready`);
    return { status: answer.status, body: await answer.text() };
  }

  /** The response of `/metrics`. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /**
   * The peak of the memory that counts against a container's limit, in bytes. Pages of files do not: the kernel reclaims them.
   * Without /proc, the current memory.
   */
  async peakBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8').catch(() => undefined);
    if (status === undefined) return Number(/^process_resident_memory_bytes\S* (\S+)$/m.exec(await this.metrics())![1]);
    const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)![1]);
    return (kilobytes('VmHWM') - kilobytes('RssFile')) * 1024;
  }

  /** Stops the app gracefully. @throws if it does not exit with code 0. */
  async stop(): Promise<void> {
    const child = this.child;
    if (!child || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const stuck = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    const [code] = (await ended) as [number | null];
    clearTimeout(stuck);
    if (code !== 0) throw this.errorWithOutput(`did not stop gracefully (exit code ${code})`);
  }

  /** Kills the app. */
  async kill(): Promise<void> {
    const child = this.child;
    if (!child || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Suspends the process. Its connections stay open. */
  freeze() {
    this.child?.kill('SIGSTOP');
  }

  thaw() {
    this.child?.kill('SIGCONT');
  }

  private spawn(args: string[], print: (text: string) => void): ChildProcess {
    const main = join(import.meta.dirname, '..', 'dist', 'apps', this.name, 'main.js');
    const inherited = Object.fromEntries(INHERITED.map((key) => [key, process.env[key]]));
    const child = spawn(process.execPath, ['--enable-source-maps', main, ...args], {
      env: { ...inherited, NODE_ENV: 'test', PASSWORD_HASH_MEMORY_KIB: CHEAP_HASH_MEMORY_KIB, ...this.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', print);
    return child;
  }

  private errorWithOutput(what: string): Error {
    return new Error(`${this.name} ${what}. The end of what it printed:\n${this.output.slice(-4_000)}`);
  }
}

/** Distinct free ports. */
export async function freePorts(count: number): Promise<string[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => String((server.address() as AddressInfo).port));
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
