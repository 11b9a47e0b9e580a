import { SERVICES } from '@app/contracts';
import { connect } from 'amqplib';
import { randomBytes } from 'node:crypto';

/** A test's own queues and exchanges on a RabbitMQ server. `drop` removes them. */
export class TestBroker {
  readonly prefix = `test-${randomBytes(6).toString('hex')}.`;

  /** @param retryDelaysMs as given to the test's transports. */
  constructor(
    readonly url: string,
    readonly retryDelaysMs: readonly number[] = [1_000, 10_000, 60_000],
  ) {}

  async drop(): Promise<void> {
    const connection = await connect(this.url);
    const channel = await connection.createChannel();
    const retries = this.retryDelaysMs.map((ms) => `retry.${ms}`);
    const queues = SERVICES.flatMap((service) =>
      ['requests', 'events', 'events.dead'].map((kind) => `${service}.${kind}`),
    );
    for (const name of [...queues, ...retries]) await channel.deleteQueue(this.prefix + name);
    for (const name of ['events', ...retries]) await channel.deleteExchange(this.prefix + name);
    await connection.close();
  }
}
