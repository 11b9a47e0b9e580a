import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connect, type Channel, type ChannelModel } from 'amqplib';
import { eventually } from '../../../libs/testing/src/eventually.js';
import { TestBroker } from '../../../libs/testing/src/test-broker.js';
import { TestDatabase } from '../../../libs/testing/src/test-database.js';
import { AppProcess, freePorts } from '../../app-process.js';
import { backing } from '../../services-stack.js';

let broker: TestBroker;
let database: TestDatabase;
let app: AppProcess;
let connection: ChannelModel;
let channel: Channel;

beforeAll(async () => {
  broker = new TestBroker(backing.rabbitmq());
  database = await TestDatabase.create();
  connection = await connect(broker.url);
  channel = await connection.createChannel();
  const [port] = await freePorts(1);
  const env = { RABBITMQ_URL: broker.url, RABBITMQ_PREFIX: broker.prefix, DATABASE_URL: database.url, PORT: port! };
  app = new AppProcess('order', env);
});

afterAll(async () => {
  await app.kill();
  await connection.close();
  await database.drop();
  await broker.drop();
});

test.each(['requests', 'events'])(
  'readiness reports why a service cannot start: its queue of %s has other arguments',
  async (kind) => {
    const queue = `${broker.prefix}order.${kind}`;
    await channel.deleteQueue(queue);
    await channel.assertQueue(queue, { durable: true, arguments: { 'x-max-length': 7 } });
    const started = app.start();
    await eventually(async () => {
      const { status, body } = await app.readiness();
      expect(status).toBe(503);
      expect(body).toMatch(new RegExp(`order\\.${kind} cannot be set up.*PRECONDITION_FAILED.*${queue}`));
    });
    await channel.deleteQueue(queue);
    await started;
    await app.stop();
  },
);
