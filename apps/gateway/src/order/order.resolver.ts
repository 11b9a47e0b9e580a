import { CurrentUser, Roles, SignedIn } from '@app/auth';
import {
  Caller,
  CancelReason,
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

  @Mutation(() => OrderDto, {
    description:
      'Requires an access token. The order is PENDING until its stock is reserved. Errors: BAD_USER_INPUT, FORBIDDEN, IDEMPOTENCY_KEY_REUSED, INSUFFICIENT_STOCK, PRICE_CHANGED, PRODUCT_NOT_FOUND, UNAUTHENTICATED, USER_NOT_FOUND.',
  })
  @SignedIn()
  async placeOrder(
    @Args('input', { description: 'The new order.' }) input: OrderInput,
    @Context() operation: Operation,
    @Info() field: GraphQLResolveInfo,
    @CurrentUser() caller: Caller,
  ): Promise<OrderDto> {
    return this.orderService.place({ caller, order: withIdempotencyKey(input, operation, field) });
  }

  @Mutation(() => OrderDto, {
    description:
      'Cancels an order and releases its stock. Customers: own orders, while PENDING or PROCESSING. Admins: any order. Errors: ORDER_NOT_FOUND, ORDER_STATUS_CONFLICT, UNAUTHENTICATED.',
  })
  @SignedIn()
  cancelOrder(@IdArgument(orderNotFound) id: string, @CurrentUser() caller: Caller): Promise<OrderDto> {
    return this.orderService.cancel({ caller, id });
  }

  @Mutation(() => OrderDto, {
    description:
      'Admins only. PROCESSING to SHIPPED (requires a shipping address), or SHIPPED to DELIVERED. Errors: FORBIDDEN, ORDER_NOT_FOUND, ORDER_STATUS_CONFLICT, SHIPPING_ADDRESS_MISSING, UNAUTHENTICATED.',
  })
  @Roles(Role.ADMIN)
  updateOrderStatus(
    @IdArgument(orderNotFound) id: string,
    @Args('status', { description: 'The new status: SHIPPED or DELIVERED.', type: () => OrderStatus })
    status: OrderStatus,
    @CurrentUser() caller: Caller,
  ): Promise<OrderDto> {
    return this.orderService.updateStatus({ caller, id, status });
  }

  @ResolveField(() => OrderStatus, { description: 'How far the order has come.' })
  orderStatus(@Parent() { status }: OrderDto): OrderStatus {
    return status;
  }

  @ResolveField(() => CancelReason, {
    nullable: true,
    description: 'Why the order was cancelled. Null if it is not cancelled.',
  })
  orderCancelReason(@Parent() { cancelReason }: OrderDto): CancelReason | null {
    return cancelReason;
  }

  @ResolveField(() => UserDto, {
    description: 'The customer. Null if the user no longer exists.',
    nullable: true,
    complexity: RESOLVER_COMPLEXITY,
  })
  user(@Parent() { userId }: OrderDto, @Context() operation: object): Promise<UserDto | null> {
    return this.users.load(operation, userId);
  }
}
