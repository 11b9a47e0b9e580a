import type { AuthenticatedRequest } from '@app/auth';
import { type OrderClient, type OrderDto, orders } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { inOrderOf, LoaderById } from '../graphql/loader-by-id.js';

interface Operation {
  readonly req: AuthenticatedRequest;
}

/** Orders that the caller of the operation may see; null for all others. */
@Injectable()
export class OrderLoader extends LoaderById<OrderDto, Operation> {
  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {
    super();
  }

  /** @throws AppError if the token was ignored: an order is not null because its customer's token has expired. */
  protected async getMany(ids: readonly string[], { req: { user, ignoredToken } }: Operation) {
    if (ignoredToken) throw ignoredToken;
    if (!user) return ids.map(() => null);
    const caller = { userId: user.userId, role: user.role };
    return inOrderOf(ids, await this.orderService.getMany({ caller, ids: [...ids] }));
  }
}
