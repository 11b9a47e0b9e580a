import { users, type AuthTokens, type UserClient } from '@app/contracts';
import { ServiceUnderTest } from '@app/testing';
import { randomUUID } from 'node:crypto';
import { userService } from '../src/user.module.js';

export const PASSWORD = 'correct horse';

export const newEmail = () => `${randomUUID()}@example.com`;

/** Someone who has registered and logged in. */
export interface Someone extends AuthTokens {
  id: string;
  email: string;
  sessionId: string;
}

export class UserServiceUnderTest {
  private constructor(
    readonly service: ServiceUnderTest,
    readonly client: UserClient,
  ) {}

  static async start(): Promise<UserServiceUnderTest> {
    const service = await ServiceUnderTest.start(userService);
    return new UserServiceUnderTest(service, service.client(users));
  }

  async someone(): Promise<Someone> {
    const email = newEmail();
    const { id } = await this.client.register({ name: 'Ann', email, password: PASSWORD });
    return { id, email, ...(await this.login(email)) };
  }

  async login(email: string): Promise<AuthTokens & { sessionId: string }> {
    const tokens = await this.client.login({ email, password: PASSWORD });
    return { ...tokens, sessionId: await this.sessionOf(tokens) };
  }

  /** @throws AppError UNAUTHENTICATED when the access token does not hold. */
  async sessionOf({ accessToken }: AuthTokens): Promise<string> {
    return (await this.client.validateToken({ token: accessToken })).sessionId;
  }

  /** The sessions that it has said have ended. */
  get endedSessionIds(): string[] {
    return this.service.publishedOf(users.events.sessionEnded).flatMap(({ sessionIds }) => sessionIds);
  }

  close(): Promise<void> {
    return this.service.close();
  }
}

/** The error that it fails with; undefined when it does not. */
export const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
