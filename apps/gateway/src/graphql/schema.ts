import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { SessionResolver } from '../auth/session.resolver.js';
import { OrderResolver } from '../order/order.resolver.js';
import { ProductResolver } from '../product/product.resolver.js';
import { UserResolver } from '../user/user.resolver.js';

export const resolvers = [SessionResolver, UserResolver, ProductResolver, OrderResolver];

/** The API as the code has it, in GraphQL's own language: what `schema.graphql` holds. */
export async function printedSchema(): Promise<string> {
  const app = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    return `${printSchema(lexicographicSortSchema(await app.get(GraphQLSchemaFactory).create(resolvers)))}\n`;
  } finally {
    await app.close();
  }
}
