import { CurrentUser, SignedIn } from '@app/auth';
import { Caller, type OrderClient, OrderDto, OrderInput, orders } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { IdArgument } from '../graphql/id-argument.js';

@Resolver(() => OrderDto)
export class OrderResolver {
  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {}

  @Query(() => [OrderDto], { description: "Signed in: a customer's own orders, every order for an admin." })
  @SignedIn()
  orders(@CurrentUser() caller: Caller): Promise<OrderDto[]> {
    return this.orderService.list({ caller });
  }

  @Query(() => OrderDto, {
    nullable: true,
    description: "Signed in: null unless it is the caller's, or the caller is an admin.",
  })
  @SignedIn()
  order(@IdArgument() id: string, @CurrentUser() caller: Caller): Promise<OrderDto | null> {
    return this.orderService.get({ caller, id });
  }

  @Mutation(() => OrderDto, { description: 'Signed in.' })
  @SignedIn()
  placeOrder(@Args('input') input: OrderInput, @CurrentUser() caller: Caller): Promise<OrderDto> {
    return this.orderService.place({ caller, order: input });
  }

  @Mutation(() => OrderDto, {
    description: 'The customer while PENDING or PROCESSING, and admins; its stock goes back.',
  })
  @SignedIn()
  cancelOrder(@IdArgument() id: string, @CurrentUser() caller: Caller): Promise<OrderDto> {
    return this.orderService.cancel({ caller, id });
  }
}
