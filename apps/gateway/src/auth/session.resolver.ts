import { CurrentSession, CurrentUser, Public, SignedIn } from '@app/auth';
import { AuthTokens, type Caller, ChangePasswordInput, type UserClient, LoginInput, users } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { HASHING_COMPLEXITY } from './hashing-complexity.js';

@Resolver()
export class SessionResolver {
  constructor(@InjectClient(users) private readonly userService: UserClient) {}

  @Mutation(() => AuthTokens, {
    description: 'Public. Starts a session. Errors: BAD_USER_INPUT, INVALID_CREDENTIALS, RATE_LIMITED.',
    complexity: HASHING_COMPLEXITY,
  })
  @Public()
  loginUser(@Args('input', { description: 'The credentials.' }) input: LoginInput): Promise<AuthTokens> {
    return this.userService.login(input);
  }

  @Mutation(() => AuthTokens, {
    description:
      'Public. Returns new tokens. The replaced refresh token returns the same successor for 20 seconds; after that it ends its session. Errors: INVALID_REFRESH_TOKEN, RATE_LIMITED.',
  })
  @Public()
  refreshTokens(
    @Args('refreshToken', { description: 'The newest refresh token of the session.' }) refreshToken: string,
  ): Promise<AuthTokens> {
    return this.userService.refresh({ refreshToken });
  }

  @Mutation(() => Boolean, {
    description:
      "Requires an access token. Ends the caller's current session, or all of their sessions. Errors: UNAUTHENTICATED.",
  })
  @SignedIn()
  async logoutUser(
    @Args('everywhere', {
      description: 'Whether to end all sessions of the user.',
      type: () => Boolean,
      nullable: true,
      defaultValue: false,
    })
    everywhere: boolean | null,
    @CurrentUser() { userId }: Caller,
    @CurrentSession() sessionId: string,
  ): Promise<boolean> {
    await this.userService.logout({ userId, sessionId, everywhere: everywhere === true });
    return true;
  }

  @Mutation(() => AuthTokens, {
    description:
      'Requires an access token. Ends all other sessions of the caller, and returns new tokens. Errors: BAD_USER_INPUT, INVALID_CREDENTIALS, RATE_LIMITED, UNAUTHENTICATED.',
    complexity: HASHING_COMPLEXITY,
  })
  @SignedIn()
  changePassword(
    @Args('input', { description: 'The current and the new password.' }) passwords: ChangePasswordInput,
    @CurrentUser() { userId }: Caller,
    @CurrentSession() sessionId: string,
  ): Promise<AuthTokens> {
    return this.userService.changePassword({ userId, sessionId, passwords });
  }
}
