import type { OrderDto, Page } from '@app/contracts';
import {
  defaultFieldResolver,
  type GraphQLField,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { costOf } from './operation-cost.js';
import { MAX_COST, tooComplex } from './operation-limits.js';

/** Higher than the limit before execution: a full list of orders may have five items each. */
const MAX_ACTUAL_COST = 2 * MAX_COST;

/**
 * The number of items of orders is known only after they are read; until then, the cost of an operation counts an estimate. An
 * operation whose orders have many more items ends here, before the fields of the items are resolved.
 */
export function limitOrderItems(schema: GraphQLSchema): GraphQLSchema {
  checkResult<OrderDto[]>(schema, 'orders', (orders, info) => assertItems(orders, info));
  checkResult<Page<OrderDto>>(schema, 'orderConnection', ({ edges }, info) =>
    assertItems(
      edges.map(({ node }) => node),
      info,
    ),
  );
  fieldOf(schema, 'Order', 'items');
  return schema;
}

function assertItems(orders: OrderDto[], { schema, operation, fragments, variableValues }: GraphQLResolveInfo) {
  const items = orders.reduce((sum, order) => sum + order.items.length, 0);
  const rows = new Map([
    [fieldOf(schema, 'Query', 'orders'), orders.length],
    [fieldOf(schema, 'Order', 'items'), items / Math.max(1, orders.length)],
  ]);
  const cost = Math.ceil(costOf(schema, { operation, fragments, variables: variableValues }, { rows }));
  if (cost > MAX_ACTUAL_COST)
    throw tooComplex(`cost, by the ${items} items that these orders have,`, MAX_ACTUAL_COST, cost);
}

/** Checks the result of a query before its fields are resolved. */
function checkResult<T>(schema: GraphQLSchema, query: string, check: (result: T, info: GraphQLResolveInfo) => void) {
  const field = fieldOf(schema, 'Query', query);
  const { resolve = defaultFieldResolver } = field;
  field.resolve = async (source, args, context, info) => {
    const result = (await resolve(source, args, context, info)) as T;
    check(result, info);
    return result;
  };
}

/** @throws if the field does not exist, so that a renamed one is found at startup. */
function fieldOf(schema: GraphQLSchema, typeName: string, name: string): GraphQLField<unknown, unknown> {
  const type = schema.getType(typeName);
  const field = isObjectType(type) ? type.getFields()[name] : undefined;
  if (!field) throw new Error(`The schema has no field ${typeName}.${name}`);
  return field;
}
