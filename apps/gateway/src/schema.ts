import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { type GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { SessionResolver } from './auth/session.resolver.js';
import { NodeResolver } from './node/node.resolver.js';
import { OrderConnectionResolver } from './order/order-connection.resolver.js';
import { OrderItemResolver } from './order/order-item.resolver.js';
import { OrderResolver } from './order/order.resolver.js';
import { OrderSubscription } from './order/order.subscription.js';
import { ProductConnectionResolver } from './product/product-connection.resolver.js';
import { ProductResolver } from './product/product.resolver.js';
import { UserConnectionResolver } from './user/user-connection.resolver.js';
import { UserResolver } from './user/user.resolver.js';
import { buildSchemaOptions } from './graphql/apollo-options.js';

export const resolvers = [
  SessionResolver,
  UserResolver,
  UserConnectionResolver,
  ProductResolver,
  ProductConnectionResolver,
  OrderResolver,
  OrderItemResolver,
  OrderConnectionResolver,
  OrderSubscription,
  NodeResolver,
];

/** The schema that the resolvers declare, without a running gateway. */
export async function apiSchema(): Promise<GraphQLSchema> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    return await app.get(GraphQLSchemaFactory).create(resolvers, buildSchemaOptions);
  } finally {
    await app.close();
  }
}

/** The schema as text: the content of `schema.graphql`. */
export const printedSchema = async (): Promise<string> => printSchema(lexicographicSortSchema(await apiSchema()));
