import { AuthModule } from '@app/auth';
import { orders, products, users } from '@app/contracts';
import { badUserInput, RequestClients } from '@app/messaging';
import type { ServiceDefinition } from '@app/platform';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { CacheModule } from '@nestjs/cache-manager';
import { Module, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { GraphQLModule } from '@nestjs/graphql';
import { IgnoredTokens } from './auth/ignored-tokens.js';
import { SessionEventsController } from './auth/session-events.controller.js';
import { UserServiceTokens } from './auth/user-service-tokens.js';
import { GatewayConfig } from './config.js';
import { apolloOptions } from './graphql/apollo-options.js';
import { Graphiql } from './http/graphiql.js';
import { answerClientError } from './http/client-error.js';
import { HttpEdge } from './http/http-edge.js';
import { HttpErrorFilter } from './graphql/errors/http-error.filter.js';
import { OperationMetrics } from './graphql/operation-metrics.js';
import { resolvers } from './schema.js';
import { SubscriptionServer } from './subscriptions/subscription-server.js';
import { OrderEventsController } from './order/order-events.controller.js';
import { OrderLoader } from './order/order.loader.js';
import { OrderUpdates } from './order/order-updates.js';
import { cacheStores } from './cache/cache-stores.js';
import { ProductEventsController } from './product/product-events.controller.js';
import { AnswerCache } from './product/answer-cache.js';
import { ProductCache } from './product/product.cache.js';
import { ProductLoader } from './product/product.loader.js';
import { ProductVersion } from './product/product-version.js';
import { PublicAnswers } from './product/public-answers.js';
import { Redis } from './cache/redis.js';
import { RedisModule } from './cache/redis.module.js';
import { ThrottleModule } from './throttle/throttle.module.js';
import { UserLoader } from './user/user.loader.js';

@Module({
  imports: [
    RequestClients.to(users, products, orders),
    AuthModule.forRoot({ validator: UserServiceTokens, imports: [RequestClients.to(users)] }),
    RedisModule,
    CacheModule.registerAsync({
      imports: [RedisModule],
      inject: [{ token: Redis, optional: true }],
      useFactory: (redis: Redis | undefined) => ({ stores: cacheStores(redis) }),
    }),
    ThrottleModule,
    GraphQLModule.forRootAsync<ApolloDriverConfig>({
      driver: ApolloDriver,
      inject: [GatewayConfig],
      useFactory: apolloOptions,
    }),
  ],
  controllers: [SessionEventsController, ProductEventsController, OrderEventsController],
  providers: [
    ...resolvers,
    UserLoader,
    ProductLoader,
    OrderLoader,
    ProductCache,
    ProductVersion,
    AnswerCache,
    PublicAnswers,
    IgnoredTokens,
    HttpEdge,
    Graphiql,
    SubscriptionServer,
    OrderUpdates,
    OperationMetrics,
    { provide: APP_FILTER, useClass: HttpErrorFilter },
    {
      provide: APP_PIPE,
      useValue: new ValidationPipe({
        transform: true,
        whitelist: true,
        forbidNonWhitelisted: true,
        exceptionFactory: badUserInput,
      }),
    },
  ],
})
export class GatewayModule {}

export const gatewayService: ServiceDefinition = {
  name: 'gateway',
  module: GatewayModule,
  clientErrorHandler: answerClientError,
};
