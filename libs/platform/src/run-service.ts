import { RabbitMqTransport } from '@app/messaging';
import { Logger } from '@nestjs/common';
import type { ServiceConfig } from './config/service-config.js';
import { useLogger } from './logging.js';
import type { ServiceDefinition } from './service-definition.js';
import { startService } from './start-service.js';
import { startTracing } from './tracing/start-tracing.js';

const SAME_SIGNAL_MS = 1_000;

/** A service as a process of its own, on RabbitMQ, until SIGTERM or SIGINT: what its `main.ts` calls. */
export async function runService(definition: ServiceDefinition, readConfig: () => ServiceConfig) {
  await main(async () => {
    const config = readConfig();
    useLogger(definition.name, config);
    const stopTracing = await startTracing(definition.name, config);
    const transport = new RabbitMqTransport({ url: config.RABBITMQ_URL, prefix: config.RABBITMQ_PREFIX });
    const app = await startService(definition, config, transport);
    new Logger(definition.name).log(
      config.PORT === undefined ? 'Ready' : `Ready at http://${config.HOST}:${config.PORT}`,
    );
    return async () => {
      await app.close();
      await transport.close();
      await stopTracing();
    };
  });
}

/** What is in flight has 10 s to finish; whatever still holds the process then, a store that hangs mostly, is left. */
const STOP_TIMEOUT_MS = 15_000;

/**
 * Runs a process: `start` answers with what stops it. SIGTERM, SIGINT and SIGHUP stop it in order, a second one at once; a fault
 * at the start is told in plain words and ends it with code 1.
 */
export async function main(start: () => Promise<() => Promise<void>>) {
  const started = start();
  let stoppingSince: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      // One Ctrl-C comes several times: from the terminal, and from npm and the script above us, which pass it on.
      if (stoppingSince !== undefined && Date.now() - stoppingSince < SAME_SIGNAL_MS) return;
      if (stoppingSince !== undefined) process.exit(1);
      stoppingSince = Date.now();
      setTimeout(() => end(`Not stopped after ${STOP_TIMEOUT_MS} ms: ending all the same`), STOP_TIMEOUT_MS).unref();
      started
        .then((stop) => stop())
        .then(
          () => process.exit(0),
          (error: unknown) => end(error),
        );
    });
  await started.catch(end);
}

function end(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message || String(error) : String(error)}\n`);
  process.exit(1);
}
