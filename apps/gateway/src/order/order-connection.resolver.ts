import { CurrentUser, SignedIn } from '@app/auth';
import {
  Caller,
  OrderConnection,
  OrderPageArgs,
  orders,
  type OrderClient,
  type OrderDto,
  type OrderFilter,
  type Page,
} from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { TOTAL_COUNT_COMPLEXITY } from '../graphql/limits/complexity.js';

/** A page, and the filter that `totalCount` needs. */
type FilteredPage = Page<OrderDto> & { filter: OrderFilter };

@Resolver(() => OrderConnection)
export class OrderConnectionResolver {
  constructor(@InjectClient(orders) private readonly orderService: OrderClient) {}

  @Query(() => OrderConnection, { description: 'Requires an access token. Customers: own orders. Admins: all orders.' })
  @SignedIn()
  async orderConnection(@Args() page: OrderPageArgs, @CurrentUser() caller: Caller): Promise<FilteredPage> {
    return { ...(await this.orderService.page({ caller, page })), filter: page.filter ?? {} };
  }

  @ResolveField(() => Int, {
    description: 'The number of rows that match the filter. Expensive: it counts all of them.',
    complexity: TOTAL_COUNT_COMPLEXITY,
  })
  totalCount(@Parent() { filter }: FilteredPage, @CurrentUser() caller: Caller): Promise<number> {
    return this.orderService.count({ caller, filter });
  }
}
