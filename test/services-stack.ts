import { randomBytes } from 'node:crypto';
import { removeKeys } from '../libs/testing/src/redis-keys.js';
import { TcpProxy } from '../libs/testing/src/tcp-proxy.js';
import { TestBroker } from '../libs/testing/src/test-broker.js';
import { TestDatabase } from '../libs/testing/src/test-database.js';
import { AppProcess, freePorts } from './app-process.js';
import type { Stack } from './stack.js';

/** Parallel stacks share the hundred connections that PostgreSQL allows by default. */
const DATABASE_POOL_SIZE = '4';

type Name = 'user' | 'product' | 'order' | 'gateway';

interface Options {
  /** Processes per app. */
  instances?: number;
  requestTimeoutMs?: number;
  /** Added to the environment of every process. */
  environment?: Record<string, string>;
  /** Added to the environment of one app's processes. */
  environmentOf?: Partial<Record<Name, Record<string, string>>>;
  /** The proxies that the apps use to reach the stores. */
  proxies?: { postgres?: TcpProxy; rabbitmq?: TcpProxy; redis?: TcpProxy };
}

/** Every app in its own processes, with this stack's own databases, queues and keys. */
export class ServicesStack implements Stack {
  private constructor(
    /** The instances by app. */
    readonly apps: Record<Name, AppProcess[]>,
    readonly databases: Record<Exclude<Name, 'gateway'>, TestDatabase>,
    private readonly remove: () => Promise<unknown>,
  ) {}

  /** Starts all apps at once, with empty databases and no queues. */
  static async start(options: Options = {}): Promise<ServicesStack> {
    const { instances = 1, requestTimeoutMs = 10_000, environment = {}, environmentOf = {}, proxies = {} } = options;
    const broker = new TestBroker(backing.rabbitmq());
    const keyPrefix = `test-${randomBytes(6).toString('hex')}:`;
    const [user, product, order] = await Promise.all([
      TestDatabase.create(),
      TestDatabase.create(),
      TestDatabase.create(),
    ]);

    const ports = await freePorts(4 * instances);
    const env = {
      RABBITMQ_URL: proxies.rabbitmq?.url ?? broker.url,
      RABBITMQ_PREFIX: broker.prefix,
      REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
      DATABASE_LOCK_TIMEOUT_MS: String(requestTimeoutMs / 2),
      DATABASE_POOL_SIZE,
      ...environment,
    };
    const processes = (name: Name, own: Record<string, string>) =>
      Array.from(
        { length: instances },
        () => new AppProcess(name, { ...env, ...own, ...environmentOf[name], PORT: ports.pop()! }),
      );
    const databaseUrl = ({ url }: TestDatabase) => (proxies.postgres ? through(proxies.postgres, url) : url);
    const stack = new ServicesStack(
      {
        user: processes('user', { DATABASE_URL: databaseUrl(user) }),
        product: processes('product', { DATABASE_URL: databaseUrl(product) }),
        order: processes('order', { DATABASE_URL: databaseUrl(order) }),
        gateway: processes('gateway', { REDIS_URL: proxies.redis?.url ?? backing.redis(), KEY_PREFIX: keyPrefix }),
      },
      { user, product, order },
      async () => {
        await Promise.all(stack.processes.map((app) => app.kill()));
        await Promise.all([
          user.drop(),
          product.drop(),
          order.drop(),
          broker.drop(),
          removeKeys(backing.redis(), keyPrefix),
        ]);
      },
    );
    try {
      await Promise.all(stack.processes.map((app) => app.start()));
    } catch (error) {
      await stack.remove();
      throw error;
    }
    return stack;
  }

  get urls(): string[] {
    return this.apps.gateway.map(({ url }) => url);
  }

  get url(): string {
    return this.urls[0]!;
  }

  async output(): Promise<string> {
    return this.processes.map((app) => app.output).join('');
  }

  get processes(): AppProcess[] {
    return Object.values(this.apps).flat();
  }

  metrics(): Promise<string> {
    return this.apps.gateway[0]!.metrics();
  }

  admin(...args: string[]): Promise<string> {
    return this.apps.user[0]!.run('admin', ...args);
  }

  async stop(): Promise<void> {
    try {
      await Promise.all(this.processes.map((app) => app.stop()));
    } finally {
      await this.remove();
    }
  }
}

/** The URL with the proxy's address. */
function through(proxy: TcpProxy, url: string): string {
  const { host } = new URL(proxy.url);
  return Object.assign(new URL(url), { host }).href;
}

/** URLs of the stores. */
export const backing = {
  postgres: () => required('TEST_DATABASE_URL'),
  rabbitmq: () => required('TEST_RABBITMQ_URL'),
  redis: () => required('TEST_REDIS_URL'),
};

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the tests by \`npm test\``);
  return value;
}
