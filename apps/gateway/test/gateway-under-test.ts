import { randomUUID } from 'node:crypto';
import { AppError, type Event, type Payload, Role, type ServiceName, SERVICES, type ValidToken } from '@app/contracts';
import { cloudEvent, InProcessTransport, type TransportServer } from '@app/messaging';
import { startService } from '@app/platform';
import { TestDatabase } from '@app/testing';
import type { Stubs } from '@app/testing/service-under-test';
import { Module, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { GraphQLFormattedError } from 'graphql';
import { lastValueFrom } from 'rxjs';
import { GatewayConfig } from '../src/config.js';
import { gatewayService } from '../src/gateway.module.js';

export type Services = Required<Stubs>;

export interface GraphQLAnswer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
  extensions?: Record<string, unknown>;
}

/** A gateway with stubbed services over the in-process transport. */
export class GatewayUnderTest {
  /** The patterns of its requests to services, in order. */
  readonly requests: string[] = [];
  /** Valid access tokens. */
  private readonly tokens = new Map<string, ValidToken>();
  private readonly servers = new Map<ServiceName, TransportServer>();
  private readonly closing: (() => Promise<unknown>)[] = [];

  private constructor(
    readonly app: NestFastifyApplication,
    private readonly transport: InProcessTransport,
  ) {}

  /** @param resolvers additional resolvers. */
  static async start(
    services: Partial<Services>,
    config: Partial<GatewayConfig> = {},
    resolvers: Type[] = [],
  ): Promise<GatewayUnderTest> {
    const database = await TestDatabase.create();
    const transport = new InProcessTransport({ databaseUrl: database.url });
    const app = await startService(
      { ...gatewayService, module: withProviders(gatewayService.module, resolvers) },
      Object.assign(new GatewayConfig(), { PORT: undefined, REQUEST_TIMEOUT_MS: 5_000, ...config }),
      transport,
    );
    const gateway = new GatewayUnderTest(app, transport);
    gateway.closing.push(
      () => database.drop(),
      () => transport.close(),
      () => app.close(),
    );
    const validateToken: Services['user']['validateToken'] = async ({ token }) => {
      const known = gateway.tokens.get(token);
      if (!known) throw new AppError('UNAUTHENTICATED', 'The access token is not valid');
      return known;
    };
    const answers: Stubs = { ...services, user: { validateToken, ...services.user } };
    for (const service of SERVICES) await gateway.serve(service, answers[service] ?? {});
    return gateway;
  }

  /** An access token of the user with this id. */
  signIn(userId: string, role = Role.CUSTOMER): string {
    const token = randomUUID();
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    this.tokens.set(token, { userId, role, sessionId: randomUUID(), expiresAt });
    return token;
  }

  /** @returns the answer without `extensions.cost`, which every answer has. */
  async graphql(
    query: string,
    { token, variables, headers = {} }: { token?: string; variables?: object; headers?: Record<string, string> } = {},
  ): Promise<GraphQLAnswer> {
    const answer = await this.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      payload: { query, variables },
    });
    const { extensions: { cost: _, ...extensions } = {}, ...rest } = answer.json<GraphQLAnswer>();
    return { ...rest, ...(Object.keys(extensions).length > 0 && { extensions }) };
  }

  async publish<E extends Event>(event: E, data: Payload<E>): Promise<void> {
    const publisher = this.transport.eventPublisher();
    const message = cloudEvent({ id: randomUUID(), type: event.pattern, data, time: new Date(), traceparent: null });
    await lastValueFrom(publisher.emit(event.pattern, message), { defaultValue: undefined });
  }

  /** Makes a service unavailable. */
  async stop(service: ServiceName): Promise<void> {
    await this.servers.get(service)?.close();
  }

  async close(): Promise<void> {
    while (this.closing.length) await this.closing.pop()?.();
  }

  private async serve(service: ServiceName, answers: object): Promise<void> {
    const server: TransportServer = this.transport.requestServer(service);
    for (const [request, answer] of Object.entries(answers) as [string, (input: unknown) => Promise<unknown>][]) {
      const pattern = `${service}.${request}`;
      server.addHandler(pattern, (input: unknown) => {
        this.requests.push(pattern);
        return answer(input);
      });
    }
    this.servers.set(service, server);
    await new Promise<void>((resolve, reject) => {
      void server.listen((error?: unknown) => (error ? reject(error) : resolve()));
    });
  }
}

function withProviders(module: Type, providers: Type[]): Type {
  @Module({ imports: [module], providers })
  class Extended {}
  return Extended;
}
