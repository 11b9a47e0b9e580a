import { runWithTrace } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';

/** Everything that a request leads to belongs to the caller's trace, or to a new one. */
@Injectable()
export class RequestTrace {
  constructor(host: HttpAdapterHost) {
    host.httpAdapter.getInstance<FastifyInstance>().addHook('onRequest', ({ headers }, _reply, done) => {
      runWithTrace(headers.traceparent?.toString(), done);
    });
  }
}
