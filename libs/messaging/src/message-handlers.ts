import { AppError, validated, type Event, type In, type Out, type Payload, type Request } from '@app/contracts';
import {
  applyDecorators,
  Logger,
  UseFilters,
  UseInterceptors,
  UsePipes,
  type ExceptionFilter,
  type NestInterceptor,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { map, throwError } from 'rxjs';
import { toAppError } from './failure.js';
import { InboxInterceptor } from './inbox/inbox.interceptor.js';
import { RequestContextInterceptor } from './inbox/request-context.interceptor.js';
import { portionOf } from './rows.js';

type Method<F> = <T extends F>(target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<T>) => void;

/**
 * Answers a request. The input has been validated; a rule it breaks is BAD_USER_INPUT to the caller, as is every AppError
 * with its own code, and anything else is logged and INTERNAL_SERVER_ERROR. Each runs in its own MikroORM context.
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
 * Reacts to an event, once: where the app has a MikroORM, the handler runs in one transaction with its inbox row, and what
 * it does through the injected EntityManager commits with it. One that throws is tried again later.
 */
export const OnEvent = <E extends Event>(event: E): Method<(payload: Payload<E>) => Promise<void>> =>
  applyDecorators(
    EventPattern<string>(event.pattern),
    UsePipes(validationBy(event.payload)),
    UseFilters(eventFailures),
    UseInterceptors(InboxInterceptor),
  );

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

/** The transport decides over another try by the error itself, and logs it. */
const eventFailures: ExceptionFilter = { catch: (error: unknown) => throwError(() => error) };
