// PostgreSQL, RabbitMQ and Redis as the real stack uses them: where they are, whether they answer, how to start them.
import { connect } from 'node:net';

const PATIENCE_MS = 2_000;

const backingServices = {
  DATABASE_URL: {
    name: 'PostgreSQL',
    url: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432',
    port: 5432,
    hello: Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]), // "Do you speak TLS?"
    answers: 'SN',
    run: 'docker run -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:18',
  },
  RABBITMQ_URL: {
    name: 'RabbitMQ',
    url: process.env.RABBITMQ_URL || 'amqp://guest:guest@127.0.0.1:5672',
    port: 5672,
    hello: Buffer.from('AMQP\0\0\x09\x01'),
    answers: '\x01',
    run: 'docker run -d -p 127.0.0.1:5672:5672 rabbitmq:4',
  },
  REDIS_URL: {
    name: 'Redis',
    url: process.env.REDIS_URL || 'redis://127.0.0.1:6379',
    port: 6379,
    hello: Buffer.from('PING\r\n'),
    answers: '+-',
    run: 'docker run -d -p 127.0.0.1:6379:6379 redis:8',
  },
};

export const urls = Object.fromEntries(Object.entries(backingServices).map(([name, { url }]) => [name, url]));

/** Those that do not answer `hello` in their own protocol (whose answers begin with one of `answers`), each as what to tell and how to start it. */
export async function absentServices() {
  const all = Object.values(backingServices);
  const present = await Promise.all(all.map(answers));
  return all
    .filter((_, i) => !present[i])
    .map(({ name, url, run }) => ({ what: `${name} does not answer at ${new URL(url).host}`, run }));
}

function answers({ url, port, hello, answers }) {
  const { protocol, hostname, port: given } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect({ host: hostname.replace(/[[\]]/g, ''), port: Number(given || port), timeout: PATIENCE_MS });
    const settle = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', () => (/^(amqps|rediss):$/.test(protocol) ? settle(true) : socket.write(hello)));
    socket.on('data', (data) => settle(answers.includes(data.toString('latin1', 0, 1))));
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => settle(false));
  });
}
