// PostgreSQL, RabbitMQ and Redis for the real stack: their URLs, whether they answer, and how to start them.
import { connect } from 'node:net';
import './workspace.ts'; // loads .env

const TIMEOUT_MS = 2_000;

export const urls = {
  DATABASE_URL: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432',
  RABBITMQ_URL: process.env.RABBITMQ_URL || 'amqp://guest:guest@127.0.0.1:5672',
  REDIS_URL: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
};

/** The URL of a database on a PostgreSQL server. */
export const databaseOf = (name: string, server = urls.DATABASE_URL) =>
  Object.assign(new URL(server), { pathname: `/${name}` }).href;

interface BackingService {
  name: string;
  url: string;
  port: number;
  /** The first bytes of its protocol, and the first byte that it may answer. */
  hello: Buffer;
  answers: string;
  run: string;
}

const backingServices: BackingService[] = [
  {
    name: 'PostgreSQL',
    url: urls.DATABASE_URL,
    port: 5432,
    hello: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]), // SSLRequest
    answers: 'SN',
    run: 'docker run -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:18',
  },
  {
    name: 'RabbitMQ',
    url: urls.RABBITMQ_URL,
    port: 5672,
    hello: Buffer.from('AMQP\0\0\x09\x01'),
    answers: '\x01',
    run: 'docker run -d -p 127.0.0.1:5672:5672 rabbitmq:4',
  },
  {
    name: 'Redis',
    url: urls.REDIS_URL,
    port: 6379,
    hello: Buffer.from('PING\r\n'),
    answers: '+-',
    run: 'docker run -d -p 127.0.0.1:6379:6379 redis:8',
  },
];

/** The services that do not answer in their protocol, each with a message and the command that starts it. */
export async function absentServices() {
  const present = await Promise.all(backingServices.map(answers));
  return backingServices
    .filter((_, i) => !present[i])
    .map(({ name, url, run }) => ({ what: `${name} does not answer at ${new URL(url).host}`, run }));
}

function answers({ url, port, hello, answers }: BackingService) {
  const { protocol, hostname, port: given } = new URL(url);
  return new Promise<boolean>((resolve) => {
    const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(given || port), timeout: TIMEOUT_MS });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => (/^(amqps|rediss):$/.test(protocol) ? settle(true) : socket.write(hello)));
    socket.on('data', (data: Buffer) => settle(answers.includes(data.toString('latin1', 0, 1))));
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => settle(false));
  });
}
