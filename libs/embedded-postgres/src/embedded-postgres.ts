import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, realpath } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { serverAccount, type Account } from './account.js';
import { binaries } from './binaries.js';
import { initialize, placeFor, USER } from './data-folder.js';
import { runningServer } from './server-process.js';

/** Includes recovery after a crash. */
const START_TIMEOUT_MS = 120_000;
const ATTEMPTS = 5;

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '64MB',
  log_checkpoints: 'off',
  // The log must contain neither statements nor rejected rows, because they contain personal data.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** PostgreSQL from an npm package. It listens on loopback only and keeps its data in `<directory>/postgres`. */
export class EmbeddedPostgres {
  private port: number;

  private constructor(
    /** The real data folder. Not below the requested directory if the server's account cannot access that. */
    readonly folder: string,
    private readonly bin: string,
    private readonly account: Account,
    private readonly password: string,
  ) {}

  /**
   * Starts the server of a directory, or joins a running one: it may have survived the process that started it, or another
   * process may be starting it now.
   * @throws an Error with a message for the operator if PostgreSQL cannot run here.
   */
  static async start(directory: string): Promise<EmbeddedPostgres> {
    await mkdir(directory, { recursive: true });
    const home = await realpath(directory);
    const account = await serverAccount(join(home, 'postgres'));
    const folder = await placeFor(home, account);
    const bin = await binaries(dirname(folder), account);
    await initialize(folder, bin, account);
    const server = new EmbeddedPostgres(folder, bin, account, await readFile(join(folder, 'password'), 'utf8'));
    await server.startOrJoin();
    return server;
  }

  url(database: string): string {
    return `postgres://${USER}:${this.password}@127.0.0.1:${this.port}/${database}`;
  }

  /** Stops the server, whichever process started it. Disconnects clients and keeps committed data. */
  async stop(): Promise<void> {
    const stopped = await this.control('stop', '--mode', 'fast');
    if (!stopped && (await runningServer(this.data))) throw new Error(`PostgreSQL in ${this.folder} does not stop`);
  }

  private get data() {
    return join(this.folder, 'data');
  }

  private async startOrJoin(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (let attempts = 0; Date.now() < deadline; await sleep(100)) {
      const server = await runningServer(this.data);
      if (server) {
        // A server that does not answer is starting, recovering or stopping.
        this.port = server.port;
        if (await this.answers()) return;
      } else if (++attempts > ATTEMPTS) {
        break;
      } else {
        // This fails if another process is faster or another program takes the port. The next iteration finds out.
        await this.control('start', '--log', join(this.folder, 'postgresql.log'), '--options', await this.options());
      }
    }
    throw new Error(`PostgreSQL in ${this.folder} does not start:\n${await this.endOfLog()}`);
  }

  private async options(): Promise<string> {
    const settings = Object.entries({ ...SETTINGS, port: await freePort() });
    return settings.map(([name, value]) => `-c ${name}=${value}`).join(' ');
  }

  /** Whether the server that answers uses this data folder. A copy of the folder contains the port of the original server. */
  private async answers(): Promise<boolean> {
    const client = new Client({ connectionString: this.url('postgres'), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ data_directory: string }>('show data_directory');
      return resolve(rows[0]!.data_directory) === resolve(this.data);
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async control(...args: string[]): Promise<boolean> {
    const child = spawn(
      join(this.bin, 'pg_ctl'),
      [...args, '--pgdata', this.data, '--wait', '--timeout', '60', '--silent'],
      {
        ...this.account,
        cwd: this.folder,
        // The locale is always C, independent of the machine.
        env: { ...process.env, LC_ALL: 'C' },
        stdio: 'ignore',
        // Ctrl-C must not reach the server: this process stops it.
        detached: true,
        windowsHide: true,
      },
    );
    const [code] = (await once(child, 'exit')) as [number | null];
    return code === 0;
  }

  private async endOfLog(): Promise<string> {
    const log = await readFile(join(this.folder, 'postgresql.log'), 'utf8').catch(() => 'There is no log.');
    return log.trim().split('\n').slice(-5).join('\n');
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
