import { type AuthenticatedRequest, Public } from '@app/auth';
import { AppError, Node } from '@app/contracts';
import { Args, Context, ID, Query, Resolver } from '@nestjs/graphql';
import { IdArgument } from '../graphql/id-argument.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { OrderLoader } from '../order/order.loader.js';
import { ProductLoader } from '../product/product.loader.js';
import { UserLoader } from '../user/user.loader.js';

const MAX_NODES = 100;
/** An id does not say what it belongs to, so every service is asked. */
const NODE_COMPLEXITY = 3 * RESOLVER_COMPLEXITY;

interface Operation {
  readonly req: AuthenticatedRequest;
}

@Resolver()
export class NodeResolver {
  constructor(
    private readonly products: ProductLoader,
    private readonly users: UserLoader,
    private readonly orders: OrderLoader,
  ) {}

  @Query(() => Node, {
    nullable: true,
    complexity: NODE_COMPLEXITY,
    description: 'Public. The product, user or order with this id. Null if there is none or the caller may not see it.',
  })
  @Public()
  async node(@IdArgument() id: string, @Context() operation: Operation): Promise<Node | null> {
    const found = await Promise.allSettled([
      named('Product', this.products.load(operation, id)),
      named('User', this.users.load(operation, id)),
      named('Order', this.orders.load(operation, id)),
    ]);
    const node = found.find((result) => result.status === 'fulfilled' && result.value !== null);
    // If one service is unavailable, the others still find their own.
    const result = node ?? found.find(({ status }) => status === 'rejected');
    if (result?.status === 'rejected') throw result.reason;
    return result?.value ?? null;
  }

  @Query(() => [Node], {
    nullable: 'items',
    complexity: NODE_COMPLEXITY,
    description: `Public. Like \`node\`, for up to ${MAX_NODES} ids, in their order.`,
  })
  @Public()
  nodes(
    @Args('ids', { description: 'At most 100 ids.', type: () => [ID] }) ids: string[],
    @Context() operation: Operation,
  ): Promise<Node | null>[] {
    if (ids.length > MAX_NODES) {
      const message = `ids must have at most ${MAX_NODES} items`;
      throw new AppError('BAD_USER_INPUT', message, { fields: { ids: [message] } });
    }
    return ids.map((id) => this.node(id.toLowerCase(), operation));
  }
}

const named = async (__typename: string, node: Promise<Node | null>) => {
  const found = await node;
  return found && { ...found, __typename };
};
