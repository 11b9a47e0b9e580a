import { type Caller, isId, type OrderClient, type OrderDto, orders } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { inOrderOf } from '../graphql/loader-by-id.js';

/** Reads the orders that the caller of an operation may see, in one request. */
@Injectable()
export class OrderLoader {
  private readonly byOperation = new WeakMap<object, DataLoader<string, OrderDto | null>>();

  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {}

  /** @returns null for an order that does not exist or that the caller may not see. */
  async load(operation: object, caller: Caller, id: string): Promise<OrderDto | null> {
    if (!isId(id)) return null;
    let loader = this.byOperation.get(operation);
    if (!loader) {
      loader = new DataLoader(async (ids) =>
        inOrderOf(ids, await this.orderService.getMany({ caller, ids: [...ids] })),
      );
      this.byOperation.set(operation, loader);
    }
    return loader.load(id);
  }
}
