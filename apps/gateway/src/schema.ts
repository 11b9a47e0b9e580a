import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { SessionResolver } from './auth/session.resolver.js';
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
];

/** The API as the code has it, in GraphQL's own language: what `schema.graphql` holds. */
export async function printedSchema(): Promise<string> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    const schema = await app.get(GraphQLSchemaFactory).create(resolvers, buildSchemaOptions);
    return printSchema(lexicographicSortSchema(schema));
  } finally {
    await app.close();
  }
}
