import { users, type AuthTokens, type UserClient } from '@app/contracts';
import { ServiceUnderTest } from '@app/testing/service-under-test';
import { randomUUID } from 'node:crypto';
import { UserConfig } from '../src/config.js';
import { userService } from '../src/user.module.js';

export const PASSWORD = 'correct horse';

export const newEmail = () => `${randomUUID()}@example.com`;

/** A user who has registered and logged in. */
export interface TestUser extends AuthTokens {
  id: string;
  email: string;
  sessionId: string;
}

export class UserServiceUnderTest {
  private constructor(
    readonly service: ServiceUnderTest,
    readonly client: UserClient,
  ) {}

  /** Hashes passwords at the lowest cost. Many logins that wait for one row at once must not fail on a slow machine. */
  static async start(): Promise<UserServiceUnderTest> {
    const config = Object.assign(new UserConfig(), { PASSWORD_HASH_MEMORY_KIB: 8, DATABASE_LOCK_TIMEOUT_MS: 10_000 });
    const service = await ServiceUnderTest.start(userService, {}, config);
    return new UserServiceUnderTest(service, service.client(users));
  }

  async newUser(): Promise<TestUser> {
    const email = newEmail();
    const { id } = await this.client.register({ name: 'Ann', email, password: PASSWORD });
    return { id, email, ...(await this.login(email)) };
  }

  async login(email: string): Promise<AuthTokens & { sessionId: string }> {
    const tokens = await this.client.login({ email, password: PASSWORD });
    return { ...tokens, sessionId: await this.sessionOf(tokens) };
  }

  /** @throws AppError UNAUTHENTICATED when the access token is not valid. */
  async sessionOf({ accessToken }: AuthTokens): Promise<string> {
    return (await this.client.validateToken({ token: accessToken })).sessionId;
  }

  /** The sessions that it has announced as ended. */
  get endedSessionIds(): string[] {
    return this.service.publishedOf(users.events.sessionEnded).flatMap(({ sessionIds }) => sessionIds);
  }

  close(): Promise<void> {
    return this.service.close();
  }
}
