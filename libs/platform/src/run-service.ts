import { currentTraceId, RabbitMqTransport } from '@app/messaging';
import { ConsoleLogger, Logger, type LogLevel } from '@nestjs/common';
import type { ServiceConfig } from './config/service-config.js';
import type { ServiceDefinition } from './service-definition.js';
import { startService } from './start-service.js';

const SAME_SIGNAL_MS = 1_000;

/** A service as a process of its own, on RabbitMQ, until SIGTERM or SIGINT: what its `main.ts` calls. */
export async function runService(definition: ServiceDefinition, readConfig: () => ServiceConfig) {
  await main(async () => {
    const config = readConfig();
    useLogger(config);
    const transport = new RabbitMqTransport({ url: config.RABBITMQ_URL, prefix: config.RABBITMQ_PREFIX });
    const app = await startService(definition, config, transport);
    new Logger(definition.name).log(
      config.PORT === undefined ? 'Ready' : `Ready at http://${config.HOST}:${config.PORT}`,
    );
    return async () => {
      await app.close();
      await transport.close();
    };
  });
}

/** What the framework tells of its own start, a hundred lines, is for whoever debugs it. */
const FRAMEWORK = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
  'GraphQLModule',
]);

/** Each line of what runs for a caller names the trace, which the caller is told too. */
class PlainLogger extends ConsoleLogger {
  override log(message: unknown, ...rest: unknown[]) {
    if (FRAMEWORK.has(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }

  protected override formatContext(context: string) {
    return super.formatContext([context, currentTraceId()].filter(Boolean).join(' '));
  }

  protected override getJsonLogObject(message: unknown, options: { context: string; logLevel: LogLevel }) {
    return { ...super.getJsonLogObject(message, options), traceId: currentTraceId() };
  }
}

/** Readable lines for people, JSON in production. */
export function useLogger(config: ServiceConfig) {
  const levels = ['error', 'warn', 'log', 'debug', 'verbose'] as const;
  Logger.overrideLogger(
    new PlainLogger({
      json: config.NODE_ENV === 'production',
      logLevels: ['fatal', ...levels.slice(0, levels.indexOf(config.LOG_LEVEL) + 1)],
    }),
  );
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
