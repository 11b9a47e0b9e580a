import { Logger } from '@nestjs/common';
import { Logger as NestPinoLogger, PinoLogger } from 'nestjs-pino';
import { stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import { currentScope } from './trace.js';

/** pino's names of Nest's log levels. */
const LEVELS = { error: 'error', warn: 'warn', log: 'info', debug: 'debug', verbose: 'trace' } as const;

export interface LogConfig {
  readonly LOG_LEVEL: keyof typeof LEVELS;
  readonly NODE_ENV: string;
}

/** These log a hundred lines at startup, which are useful only at level debug. */
const FRAMEWORK = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'NestMicroservice',
  'GraphQLModule',
]);

class QuietLogger extends NestPinoLogger {
  override log(message: unknown, ...rest: unknown[]) {
    if (FRAMEWORK.has(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}

/**
 * Logs JSON lines in production, readable ones elsewhere. Each line has the `traceId`, `requestId`, `userId` and `pattern` that
 * are known. The names follow pino and OpenTelemetry's log data model.
 */
export function useLogger(service: string, { LOG_LEVEL, NODE_ENV }: LogConfig) {
  const options = {
    level: LEVELS[LOG_LEVEL],
    base: { service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: withoutDetails },
    mixin: () => ({ ...currentScope() }),
  };
  const readable = () => pretty({ sync: true, ignore: 'service,context', messageFormat: '[{context}] {msg}' });
  const logger = new PinoLogger({ pinoHttp: NODE_ENV === 'production' ? options : [options, readable()] });
  Logger.overrideLogger(new QuietLogger(logger, {}));
}

interface SerializedError {
  type: string;
  message: string;
  stack: string;
  code?: unknown;
}

/** Drops the other properties: `detail` of a PostgreSQL error, for example, contains the rejected row. */
const withoutDetails = ({ type, message, stack, code }: SerializedError) => ({ type, message, stack, code });
