import { CurrentUser, Roles, SignedIn } from '@app/auth';
import { Caller, type OrderClient, OrderDto, OrderInput, orders, OrderStatus, Role, UserDto } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Context, Info, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { IdArgument } from '../graphql/id-argument.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { UserLoader } from '../user/user.loader.js';
import { type Operation, withIdempotencyKey } from './idempotency-key.js';

@Resolver(() => OrderDto)
export class OrderResolver {
  constructor(
    @InjectClient(orders) private readonly orderService: OrderClient,
    private readonly users: UserLoader,
  ) {}

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
  async placeOrder(
    @Args('input') input: OrderInput,
    @Context() operation: Operation,
    @Info() field: GraphQLResolveInfo,
    @CurrentUser() caller: Caller,
  ): Promise<OrderDto> {
    return this.orderService.place({ caller, order: withIdempotencyKey(input, operation, field) });
  }

  @Mutation(() => OrderDto, {
    description: 'The customer while PENDING or PROCESSING, and admins; its stock goes back.',
  })
  @SignedIn()
  cancelOrder(@IdArgument() id: string, @CurrentUser() caller: Caller): Promise<OrderDto> {
    return this.orderService.cancel({ caller, id });
  }

  @Mutation(() => OrderDto, {
    description: 'Admins: PROCESSING to SHIPPED (needs a shipping address), SHIPPED to DELIVERED.',
  })
  @Roles(Role.ADMIN)
  updateOrderStatus(
    @IdArgument() id: string,
    @Args('status', { type: () => OrderStatus }) status: OrderStatus,
    @CurrentUser() caller: Caller,
  ): Promise<OrderDto> {
    return this.orderService.updateStatus({ caller, id, status });
  }

  @ResolveField(() => UserDto, { nullable: true, complexity: RESOLVER_COMPLEXITY })
  user(@Parent() { userId }: OrderDto, @Context() operation: object): Promise<UserDto | null> {
    return this.users.load(operation, userId);
  }
}
