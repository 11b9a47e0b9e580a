import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { runWithTrace } from '@app/telemetry';
import type { GatewayConfig } from '../config.js';
import { formatError } from '../graphql/errors/format-error.js';
import { refusal } from '../graphql/limits/operation-limits.js';
import { originNotAllowed } from '../http/cors.js';
import { JSON_RESPONSE } from '../http/media-type.js';

type Answer = (allowed: boolean, status?: number, body?: string, headers?: OutgoingHttpHeaders) => void;

/**
 * Option `verifyClient` of a WebSocket server. Pages of other origins may not connect, just as they may not send HTTP requests. Only
 * browsers send an origin.
 */
export const verifyOrigin =
  (config: GatewayConfig) =>
  ({ req: { headers } }: { req: IncomingMessage }, answer: Answer): void => {
    const { origin, host } = headers;
    if (origin === undefined || hostOf(origin) === host || config.allowsOrigin(origin)) return answer(true);
    const error = refusal(originNotAllowed(origin));
    const errors = [runWithTrace(undefined, () => formatError(error.toJSON(), error))];
    answer(false, 403, JSON.stringify({ errors }), { 'content-type': JSON_RESPONSE });
  };

const hostOf = (origin: string) => (URL.canParse(origin) ? new URL(origin).host : undefined);
