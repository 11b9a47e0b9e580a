import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);
const MAX_OUTPUT = 64 * 2 ** 20;
/** The programs that the Nest CLI starts need the same Node. */
const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter);

/** A copy of this repository, uncommitted changes included, in a folder of its own. */
export class CopiedProject {
  private standalone?: ChildProcess;

  private constructor(readonly folder: string) {}

  static async create(): Promise<CopiedProject> {
    const project = new CopiedProject(await mkdtemp(join(tmpdir(), 'bazaar-copy-')));
    const { stdout } = await run(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'],
      {
        cwd: root,
        maxBuffer: MAX_OUTPUT,
      },
    );
    const deleted = await run('git', ['ls-files', '-z', '--deleted'], { cwd: root, maxBuffer: MAX_OUTPUT });
    const missing = new Set(deleted.stdout.split('\0'));
    for (const path of stdout.split('\0'))
      if (!missing.has(path)) await cp(join(root, path), join(project.folder, path));
    await symlink(join(root, 'node_modules'), join(project.folder, 'node_modules'));
    return project;
  }

  nest(...args: string[]): Promise<string> {
    return this.node(['node_modules/@nestjs/cli/bin/nest.js', ...args]);
  }

  jest(...args: string[]): Promise<string> {
    return this.node(['node_modules/jest/bin/jest.js', ...args]);
  }

  /** The output of a Node program. @throws an error with the output if it fails. */
  async node(args: string[]): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, PATH }, maxBuffer: MAX_OUTPUT };
    const { stdout } = await run(process.execPath, args, options).catch(
      ({ stdout = '', stderr = '' }: { stdout?: string; stderr?: string }) => {
        throw new Error(`node ${args.join(' ')}\n${stdout}${stderr}`);
      },
    );
    return stdout;
  }

  /** Starts the built standalone on an embedded database. @returns the URL of its API. */
  async start(): Promise<string> {
    const { DATABASE_URL: _d, RABBITMQ_URL: _r, REDIS_URL: _c, ...env } = process.env;
    const PORT = String(await freePort());
    this.standalone = spawn(process.execPath, ['dist/apps/standalone/main.js'], {
      cwd: this.folder,
      env: { ...env, PORT, DATA_DIR: join(this.folder, '.data'), NODE_ENV: 'development' },
    });
    let output = '';
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += String(chunk);
        if (output.includes('The API is at')) resolve();
      };
      this.standalone!.stdout!.on('data', read);
      this.standalone!.stderr!.on('data', read);
      this.standalone!.on('exit', (code) => reject(new Error(`The standalone exited with ${code}:\n${output}`)));
    });
    return `http://127.0.0.1:${PORT}/graphql`;
  }

  async remove(): Promise<void> {
    if (this.standalone?.exitCode === null) {
      this.standalone.kill('SIGTERM');
      await once(this.standalone, 'exit');
    }
    await rm(this.folder, { recursive: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
