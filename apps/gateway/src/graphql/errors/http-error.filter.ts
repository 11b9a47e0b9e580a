import { STATUS_CODES } from 'node:http';
import { AppError } from '@app/contracts';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { formatError } from './format-error.js';
import { mediaTypeFor } from '../../http/media-type.js';

/** The path of the API; other paths, such as health, have their own format. */
const API = '/graphql';

/** Sends errors of an HTTP request before GraphQL receives it, in the format of GraphQL. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    // GraphQL and messaging format their own errors; Nest would log each as an internal error.
    if (host.getType<string>() !== 'http') throw error;
    const http = host.switchToHttp();
    const { url, headers, routeOptions } = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const isElsewhere = routeOptions.url !== undefined && routeOptions.url !== API;
    if (isElsewhere && error instanceof HttpException) {
      reply.code(error.getStatus()).send(error.getResponse());
      return;
    }
    const isWrongMethod = statusOf(error) === 404 && url.split('?', 1)[0] === API;
    if (isWrongMethod) reply.header('allow', 'GET, POST');
    const status = isWrongMethod ? 405 : statusOf(error);
    const formatted = new GraphQLError(`HTTP ${status}`, { originalError: appErrorOf(error, status) });
    reply
      .code(status)
      .type(mediaTypeFor(headers.accept))
      .send({ errors: [formatError(formatted.toJSON(), formatted)] });
  }
}

/** The status of Nest's and Fastify's errors, and of a request that the client aborts. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 500;
}

function appErrorOf(error: unknown, status: number): Error {
  if (error instanceof HttpException && error.cause instanceof AppError) return error.cause;
  if (status === 405) return new AppError('BAD_REQUEST', 'Only GET and POST are allowed');
  if (status === 404) return new AppError('BAD_REQUEST', `Not found: the API is at ${API}`);
  if (status === 413) return new AppError('PAYLOAD_TOO_LARGE', 'The body of the request is too large');
  if (status === 503 && error instanceof HttpException) return new AppError('SERVICE_UNAVAILABLE', error.message);
  if (status < 500)
    return new AppError('BAD_REQUEST', error instanceof HttpException ? error.message : STATUS_CODES[status]!);
  return error instanceof Error ? error : new Error(String(error));
}
