import { CurrentUser, Roles, SignedIn } from '@app/auth';
import {
  Caller,
  isId,
  type OrderClient,
  OrderDto,
  OrderInput,
  orderNotFound,
  orders,
  OrderStatus,
  Role,
  UserDto,
} from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Context, Info, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { IdArgument } from '../graphql/id-argument.js';
import { type Operation, withIdempotencyKey } from '../graphql/idempotency-key.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { withinListLimit } from '../graphql/limits/truncated-lists.js';
import { UserLoader } from '../user/user.loader.js';

@Resolver(() => OrderDto)
export class OrderResolver {
  constructor(
    @InjectClient(orders) private readonly orderService: OrderClient,
    private readonly users: UserLoader,
  ) {}

  @Query(() => [OrderDto], {
    description:
      'Requires an access token. Customers: own orders. Admins: all orders. The newest 1000; `extensions.truncated` says if ' +
      'there are more. `orderConnection` has all of them, in pages.',
  })
  @SignedIn()
  async orders(
    @CurrentUser() caller: Caller,
    @Context() operation: object,
    @Info() field: GraphQLResolveInfo,
  ): Promise<OrderDto[]> {
    const rows = await this.orderService.list({ caller });
    return withinListLimit(operation, field, { rows, connection: 'orderConnection' });
  }

  @Query(() => OrderDto, {
    nullable: true,
    description: 'Requires an access token. Customers: own orders, null for any other. Admins: any order.',
  })
  @SignedIn()
  async order(@IdArgument() id: string, @CurrentUser() caller: Caller): Promise<OrderDto | null> {
    return isId(id) ? this.orderService.get({ caller, id }) : null;
  }

  @Mutation(() => OrderDto, { description: 'Requires an access token.' })
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
    description:
      'Cancels an order and releases its stock. Customers: own orders, while PENDING or PROCESSING. Admins: any order.',
  })
  @SignedIn()
  cancelOrder(@IdArgument(orderNotFound) id: string, @CurrentUser() caller: Caller): Promise<OrderDto> {
    return this.orderService.cancel({ caller, id });
  }

  @Mutation(() => OrderDto, {
    description: 'Admins only. PROCESSING to SHIPPED (requires a shipping address), or SHIPPED to DELIVERED.',
  })
  @Roles(Role.ADMIN)
  updateOrderStatus(
    @IdArgument(orderNotFound) id: string,
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
