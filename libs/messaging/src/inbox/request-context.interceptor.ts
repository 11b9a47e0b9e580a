import { MikroORM, RequestContext } from '@mikro-orm/core';
import { Injectable, Optional, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { from, lastValueFrom, type Observable } from 'rxjs';

/** Gives each request its own identity map. */
@Injectable()
export class RequestContextInterceptor implements NestInterceptor {
  constructor(@Optional() private readonly orm?: MikroORM) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.orm) return next.handle();
    return from(RequestContext.create(this.orm.em, () => lastValueFrom(next.handle(), { defaultValue: undefined })));
  }
}
