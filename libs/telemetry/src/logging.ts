import { Logger } from '@nestjs/common';
import { Logger as NestPinoLogger, PinoLogger } from 'nestjs-pino';
import { stdTimeFunctions } from 'pino';
import pretty from 'pino-pretty';
import { currentScope } from './trace.js';

/** Nest's levels by pino's names. */
const LEVELS = { error: 'error', warn: 'warn', log: 'info', debug: 'debug', verbose: 'trace' } as const;

export interface LogConfig {
  readonly LOG_LEVEL: keyof typeof LEVELS;
  readonly NODE_ENV: string;
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

class QuietLogger extends NestPinoLogger {
  override log(message: unknown, ...rest: unknown[]) {
    if (FRAMEWORK.has(String(rest.at(-1)))) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}

/**
 * Lines of JSON in production, readable ones elsewhere. Each tells what it belongs to: `traceId`, `requestId`, `userId` and
 * `pattern`, as far as there is one. The names are those of pino and OpenTelemetry's log data model.
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

/** Of PostgreSQL's, others hold the row that was refused, as in `detail`. */
const withoutDetails = ({ type, message, stack, code }: SerializedError) => ({ type, message, stack, code });
