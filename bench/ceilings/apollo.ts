// What Nest and Apollo cost: they execute the query on constant objects. Node runs no decorators, so they are called.
import 'reflect-metadata';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

const { data } = JSON.parse(process.env.ANSWER ?? '{}') as { data: Record<string, unknown> };

const typeDefs = `
  type Product { id: ID! name: String! price: Float! stock: Int! description: String! }
  type ProductEdge { node: Product! }
  type ProductConnection { edges: [ProductEdge!]! }
  input ProductFilter { maxPrice: Float }
  type Query { productConnection(first: Int, filter: ProductFilter): ProductConnection! }`;

class Products {
  productConnection() {
    return data.productConnection;
  }
}
Resolver()(Products);
const method = Object.getOwnPropertyDescriptor(Products.prototype, 'productConnection')!;
Query('productConnection')(Products.prototype, 'productConnection', method);

class App {}
const graphql = GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, typeDefs, introspection: false });
Module({ imports: [graphql], providers: [Products] })(App);

const app = await NestFactory.create<NestFastifyApplication>(App, new FastifyAdapter(), { logger: false });
await app.listen(Number(process.env.PORT), '127.0.0.1');
