import type { OrderDto, Page } from '@app/contracts';
import { defaultFieldResolver, type GraphQLField, type GraphQLResolveInfo, type GraphQLSchema } from 'graphql';
import { costOf } from './operation-cost.js';
import { MAX_COST, tooComplex } from './operation-limits.js';

/** More than may be taken for granted beforehand: a full list of orders may have five items each. */
const MAX_COST_FOUND = 2 * MAX_COST;

/**
 * How many items orders have is known only once they are read; until then, cost goes by what most have. Where they turn out to
 * have many more, the operation ends here, before anything is done for each of them.
 */
export function limitOrderItems(schema: GraphQLSchema): GraphQLSchema {
  afterwards<OrderDto[]>(schema, 'orders', (orders, info) => assertItems(orders, info));
  afterwards<Page<OrderDto>>(schema, 'orderConnection', ({ edges }, info) =>
    assertItems(
      edges.map(({ node }) => node),
      info,
    ),
  );
  return schema;
}

function assertItems(orders: OrderDto[], { schema, operation, fragments, variableValues }: GraphQLResolveInfo) {
  const items = orders.reduce((sum, order) => sum + order.items.length, 0);
  const rows = { 'Query.orders': orders.length, 'Order.items': items / Math.max(1, orders.length) };
  const cost = Math.ceil(costOf(schema, { operation, fragments, variables: variableValues }, { rows }));
  if (cost > MAX_COST_FOUND)
    throw tooComplex(`cost, by the ${items} items that these orders have,`, MAX_COST_FOUND, cost);
}

/** Looks at what a query answers, before its fields are. */
function afterwards<T>(schema: GraphQLSchema, query: string, look: (result: T, info: GraphQLResolveInfo) => void) {
  const field: GraphQLField<unknown, unknown> | undefined = schema.getQueryType()?.getFields()[query];
  if (!field) throw new Error(`The schema has no query ${query}`);
  const { resolve = defaultFieldResolver } = field;
  field.resolve = async (source, args, context, info) => {
    const result = (await resolve(source, args, context, info)) as T;
    look(result, info);
    return result;
  };
}
