import type { ServiceName } from '@app/contracts';
import { RabbitMqTransport } from '@app/messaging';
import { Logger } from '@nestjs/common';
import { deadLetters } from './commands/dead-letters.js';
import { migrateDatabase } from './commands/migrate.js';
import type { ServiceConfig } from './config/service-config.js';
import { useLogger } from '@app/telemetry';
import type { ServiceDefinition } from './service-definition.js';
import { startService } from './start-service.js';
import { startTracing } from '@app/telemetry';

const SAME_SIGNAL_MS = 1_000;

/** Does something for an operator, beside the service's instances. @returns what to tell them. @throws in plain words. */
type Command<C> = (args: string[], config: C) => Promise<string>;

/**
 * What an app's `main.ts` calls: without arguments the service runs as a process of its own, on RabbitMQ, until SIGTERM or SIGINT;
 * otherwise the first names a command, one of these or of `commands`: `migrate` and `dead-letters` are every service's.
 */
export async function runService<C extends ServiceConfig>(
  definition: ServiceDefinition,
  readConfig: () => C,
  commands: Record<string, Command<C>> = {},
) {
  const [name, ...args] = process.argv.slice(2);
  const { name: service } = definition;
  const all: Record<string, Command<C>> = service === 'gateway'
    ? commands
    : { ...commandsOf(service, definition), ...commands };
  await main(async () => {
    if (name === undefined) return serve(definition, readConfig());
    const command = Object.hasOwn(all, name) ? all[name] : undefined;
    if (!command)
      throw new Error(`There is no command ${name}: only ${Object.keys(all).join(', ')}, or none to start.`);
    const config = readConfig();
    useLogger(service, config);
    process.stdout.write(`${await command(args, config)}\n`);
    return async () => undefined;
  });
}

const commandsOf = (service: ServiceName, definition: ServiceDefinition): Record<string, Command<ServiceConfig>> => ({
  migrate: (_, config) => migrateDatabase(definition, config),
  async 'dead-letters'(args, config) {
    const transport = transportOf(config);
    return deadLetters(transport, service, args).finally(() => transport.close());
  },
});

const transportOf = ({ RABBITMQ_URL, RABBITMQ_PREFIX }: ServiceConfig) =>
  new RabbitMqTransport({ url: RABBITMQ_URL, prefix: RABBITMQ_PREFIX });

async function serve(definition: ServiceDefinition, config: ServiceConfig): Promise<() => Promise<void>> {
  useLogger(definition.name, config);
  const stopTracing = await startTracing(definition.name, config);
  const transport = transportOf(config);
  const app = await startService(definition, config, transport);
  new Logger(definition.name).log(
    config.PORT === undefined ? 'Ready' : `Ready at http://${config.HOST}:${config.PORT}`,
  );
  return async () => {
    await app.close();
    await transport.close();
    await stopTracing();
  };
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
