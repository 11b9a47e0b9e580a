import { randomUUID } from 'node:crypto';
import { AppError, Caller, Role, type ValidToken } from '@app/contracts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import { Injectable } from '@nestjs/common';
import { Context, Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Public, Roles, SignedIn } from './access.js';
import { AuthModule } from './auth.module.js';
import { type AuthenticatedRequest, callerOf } from './authenticated-request.js';
import { CurrentUser } from './current-user.decorator.js';
import type { TokenValidator } from './token-validator.js';

const ids = { customer: randomUUID(), admin: randomUUID() };

/** Accepts the tokens `customer` and `admin`. */
@Injectable()
class TwoTokens implements TokenValidator {
  async validate(token: string): Promise<ValidToken> {
    if (token === 'outage') throw new AppError('SERVICE_UNAVAILABLE', 'The user service is unavailable');
    if (token === 'bug') throw new TypeError('undefined is not a function');
    if (token === 'too-long') throw new AppError('BAD_USER_INPUT', 'token must be shorter');
    if (token !== 'customer' && token !== 'admin') throw new AppError('UNAUTHENTICATED', 'The session has ended');
    const role = token === 'admin' ? Role.ADMIN : Role.CUSTOMER;
    return {
      userId: ids[token],
      role,
      sessionId: randomUUID(),
      expiresAt: new Date(Date.now() + 60_000).toISOString(),
    };
  }
}

@ObjectType()
class Greeting {
  @Field() text: string;
}

@Resolver(() => Greeting)
class GreetingResolver {
  @Query(() => String)
  @Public()
  open(@CurrentUser() caller: Caller | undefined): string {
    return caller ? caller.userId : 'anyone';
  }

  @Query(() => String)
  @SignedIn()
  signedIn(@CurrentUser() caller: Caller): string {
    return JSON.stringify(caller);
  }

  @Query(() => String)
  @Roles(Role.ADMIN)
  adminsOnly(): string {
    return 'hello, admin';
  }

  @Query(() => String)
  undeclared(): string {
    return 'secret';
  }

  @Query(() => Greeting)
  @Public()
  greeting(): Partial<Greeting> {
    return {};
  }

  @ResolveField()
  text(@Context() { req }: { req: AuthenticatedRequest }): string {
    return `hello, ${callerOf(req)?.userId ?? 'anyone'}`;
  }
}

describe('access to a resolver', () => {
  let app: NestFastifyApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({
      imports: [
        AuthModule.forRoot({ validator: TwoTokens }),
        GraphQLModule.forRoot<ApolloDriverConfig>({
          driver: ApolloDriver,
          autoSchemaFile: true,
          formatError: (error, cause) => {
            const { originalError } = cause as { originalError?: unknown };
            return { ...error, extensions: { code: AppError.from(originalError).code } };
          },
        }),
      ],
      providers: [GreetingResolver],
    }).compile();
    app = module.createNestApplication<NestFastifyApplication>(new FastifyAdapter(), { logger: false });
    await app.init();
  });
  afterAll(() => app.close());

  /** The field's value, or the code of the error. */
  async function ask(field: string, authorization?: string): Promise<unknown> {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers,
      payload: { query: `{ value: ${field} }` },
    });
    const { data, errors } = answer.json<{ data?: { value: unknown }; errors?: { extensions: { code: string } }[] }>();
    return errors?.[0]?.extensions.code ?? data?.value;
  }

  it('is open if it is public, and the caller is still known', async () => {
    expect(await ask('open')).toBe('anyone');
    expect(await ask('open', 'Bearer customer')).toBe(ids.customer);
    expect(await ask('greeting { text }', 'Bearer customer')).toEqual({ text: `hello, ${ids.customer}` });
    expect(await ask('greeting { text }')).toEqual({ text: 'hello, anyone' });
  });

  it('needs a valid token if it is for signed-in callers', async () => {
    expect(await ask('signedIn')).toBe('UNAUTHENTICATED');
    expect(await ask('signedIn', 'Bearer customer')).toBe(JSON.stringify({ userId: ids.customer, role: 'CUSTOMER' }));
  });

  it('needs the role if it is for a role', async () => {
    expect(await ask('adminsOnly')).toBe('UNAUTHENTICATED');
    expect(await ask('adminsOnly', 'Bearer customer')).toBe('FORBIDDEN');
    expect(await ask('adminsOnly', 'Bearer admin')).toBe('hello, admin');
  });

  it('is closed if nothing is declared', async () => {
    expect(await ask('undeclared')).toBe('FORBIDDEN');
    expect(await ask('undeclared', 'Bearer admin')).toBe('FORBIDDEN');
  });

  it.each(['bearer customer', 'BEARER customer', 'Bearer  customer', 'Bearer    customer', ' Bearer customer  '])(
    'knows the caller by %j',
    async (authorization) => {
      expect(await ask('open', authorization)).toBe(ids.customer);
    },
  );

  it.each(['Bearer ended', 'Bearer', 'Bearer two parts', 'Basic Y3VzdG9tZXI6', 'customer', 'Bearer too-long'])(
    'is denied for %j, unless it is public',
    async (authorization) => {
      expect(await ask('open', authorization)).toBe('anyone');
      expect(await ask('greeting { text }', authorization)).toEqual({ text: 'hello, anyone' });
      expect(await ask('signedIn', authorization)).toBe('UNAUTHENTICATED');
    },
  );

  it('fails while tokens cannot be validated, if it depends on the caller', async () => {
    expect(await ask('signedIn', 'Bearer outage')).toBe('SERVICE_UNAVAILABLE');
    expect(await ask('adminsOnly', 'Bearer outage')).toBe('SERVICE_UNAVAILABLE');
    expect(await ask('greeting { text }', 'Bearer outage')).toBe('SERVICE_UNAVAILABLE');
    expect(await ask('open', 'Bearer outage')).toBe('anyone');
  });

  it('fails if the validation fails unexpectedly', async () => {
    expect(await ask('open', 'Bearer bug')).toBe('INTERNAL_SERVER_ERROR');
  });

  it('does not mix up concurrent callers', async () => {
    const tokens = Array.from({ length: 50 }, (_, i) => (i % 2 ? 'customer' : 'admin') as 'customer' | 'admin');
    const seen = await Promise.all(tokens.map((token) => ask('open', `Bearer ${token}`)));
    expect(seen).toEqual(tokens.map((token) => ids[token]));
  });
});
