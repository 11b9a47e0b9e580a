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

/** A command for operators; the service may be running. @returns the text to print. @throws an Error with a message for the operator. */
type Command<C> = (args: string[], config: C) => Promise<string>;

/**
 * The entry point of an app's `main.ts`. Without arguments, runs the service on RabbitMQ until SIGTERM or SIGINT. Otherwise the
 * first argument names a command: `migrate` and `dead-letters`, which every service has, or one of `commands`.
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
      throw new Error(
        `Unknown command ${name}. Commands: ${Object.keys(all).join(', ')}. Without a command, the service starts.`,
      );
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
    try {
      return await deadLetters(transport, service, args);
    } finally {
      await transport.close();
    }
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

/** Work in flight has 10 s to finish. After this time the process exits, whatever still runs: usually a store that hangs. */
export const STOP_TIMEOUT_MS = 15_000;

/**
 * Runs a process. `start` returns the function that stops it. SIGTERM, SIGINT or SIGHUP stops it gracefully, a second signal at
 * once. An error at startup is printed without a stack, and the process exits with code 1.
 */
export async function main(start: () => Promise<() => Promise<void>>) {
  const started = start();
  let stoppingSince: number | undefined;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      // One Ctrl-C arrives several times: from the terminal, and from npm and the start script, which forward it.
      if (stoppingSince !== undefined && Date.now() - stoppingSince < SAME_SIGNAL_MS) return;
      if (stoppingSince !== undefined) process.exit(1);
      stoppingSince = Date.now();
      setTimeout(() => end(`Not stopped after ${STOP_TIMEOUT_MS} ms: exiting now`), STOP_TIMEOUT_MS).unref();
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
