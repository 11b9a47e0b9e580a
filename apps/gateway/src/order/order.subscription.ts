import { CurrentUser, SignedIn } from '@app/auth';
import { Caller, isId, type OrderClient, OrderDto, orderNotFound, orders } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, ID, Resolver, Subscription } from '@nestjs/graphql';
import type { OrderListener, OrderUpdate } from './order-listener.js';
import { OrderUpdates } from './order-updates.js';

@Resolver()
export class OrderSubscription {
  constructor(
    private readonly updates: OrderUpdates,
    @InjectClient(orders) private readonly orderService: OrderClient,
  ) {}

  @Subscription(() => OrderDto, {
    description: "Requires an access token. Updates of the caller's orders, or of one order.",
    resolve: ({ order }: OrderUpdate) => order,
  })
  @SignedIn()
  async orderUpdated(
    @Args('id', {
      description: 'The id of one order. Without it, all orders of the caller.',
      type: () => ID,
      nullable: true,
    })
    given: string | null | undefined,
    @CurrentUser() caller: Caller,
  ): Promise<OrderListener> {
    if (given === null || given === undefined) return this.updates.listen(caller);
    if (!isId(given)) throw orderNotFound();
    const id = given.toLowerCase();
    // Listens before the lookup, so that no change is missed in between.
    const listener = this.updates.listen(caller, id);
    try {
      const order = await this.orderService.get({ caller, id });
      if (!order) throw orderNotFound();
      return listener;
    } catch (error) {
      await listener.return();
      throw error;
    }
  }
}
