import { AppError, type Event, type In, type Out, type Payload, type Request } from '@app/contracts';
import {
  applyDecorators,
  createParamDecorator,
  Logger,
  UseFilters,
  UseInterceptors,
  UsePipes,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { map, throwError } from 'rxjs';
import type { EventContext } from './event-delivery.js';
import { toAppError } from './failure.js';
import { InboxInterceptor } from './inbox/inbox.interceptor.js';
import { RequestContextInterceptor } from './inbox/request-context.interceptor.js';
import { portionOf } from './rows.js';
import { validated } from './validation.js';

type Method<F> = <T extends F>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>) => void;

/**
 * Handles a request. The input is validated first: the caller of an invalid one gets BAD_USER_INPUT. An AppError reaches the
 * caller as it is; any other error is logged and becomes INTERNAL_SERVER_ERROR. Each request has its own MikroORM context.
 */
export const OnRequest = <R extends Request>(request: R): Method<(input: In<R>) => Promise<Out<R>>> =>
  applyDecorators(
    MessagePattern(request.pattern),
    UsePipes(validationBy(request.input)),
    UseFilters(requestFailures),
    UseInterceptors(RequestContextInterceptor, ...(request.restBy === undefined ? [] : [inPortions])),
  );

const inPortions: NestInterceptor<{ id: string }[]> = {
  intercept: (_context, next) => next.handle().pipe(map(portionOf)),
};

/**
 * Handles an event, or several, once each. In an app with a database, the handler runs in one transaction with its inbox row:
 * what it writes through the injected EntityManager commits with that row. An event whose handler throws is retried later.
 */
export const OnEvent =
  <E extends [Event, ...Event[]]>(...events: E): Method<(payload: Payload<E[number]>) => Promise<void>> =>
  (target, key, descriptor) => {
    ValidPayload(events)(target, key, 0);
    applyDecorators(
      EventPattern(events.map(({ pattern }) => pattern)),
      UseFilters(eventFailures),
      UseInterceptors(InboxInterceptor),
    )(target, key, descriptor);
  };

/** The data of an event, validated against the payload class of that event. */
const ValidPayload = createParamDecorator((events: readonly Event[], context: ExecutionContext) => {
  const rpc = context.switchToRpc();
  const { type } = rpc.getContext<EventContext>().event;
  return validated(events.find(({ pattern }) => pattern === type)!.payload as Type<object>, rpc.getData());
});

const validationBy = (type: Type): PipeTransform => ({
  transform: (value: unknown) => validated(type as Type<object>, value),
});

const logger = new Logger('Requests');

const requestFailures: ExceptionFilter = {
  catch(error: unknown) {
    const failure = toAppError(error);
    if (!(error instanceof AppError)) logger.error(error);
    return throwError(() => failure.toJSON());
  },
};

/** Passes the error to the transport, which logs it and decides on a retry. */
const eventFailures: ExceptionFilter = { catch: (error: unknown) => throwError(() => error) };
