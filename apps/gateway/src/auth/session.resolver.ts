import { CurrentSession, CurrentUser, Public, SignedIn } from '@app/auth';
import { AuthTokens, type Caller, ChangePasswordInput, type UserClient, LoginInput, users } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { HASHING_COMPLEXITY } from './hashing-complexity.js';

@Resolver()
export class SessionResolver {
  constructor(@InjectClient(users) private readonly userService: UserClient) {}

  @Mutation(() => AuthTokens, { complexity: HASHING_COMPLEXITY })
  @Public()
  loginUser(@Args('input') input: LoginInput): Promise<AuthTokens> {
    return this.userService.login(input);
  }

  @Mutation(() => AuthTokens, {
    description:
      'Returns new tokens. Needs no access token. The replaced refresh token returns the same successor for 20 seconds; after that it ends its session.',
  })
  @Public()
  refreshTokens(@Args('refreshToken') refreshToken: string): Promise<AuthTokens> {
    return this.userService.refresh({ refreshToken });
  }

  @Mutation(() => Boolean, { description: "Ends the caller's current session, or all of their sessions." })
  @SignedIn()
  async logoutUser(
    @Args('everywhere', { type: () => Boolean, nullable: true, defaultValue: false }) everywhere: boolean | null,
    @CurrentUser() { userId }: Caller,
    @CurrentSession() sessionId: string,
  ): Promise<boolean> {
    await this.userService.logout({ userId, sessionId, everywhere: everywhere === true });
    return true;
  }

  @Mutation(() => AuthTokens, { complexity: HASHING_COMPLEXITY })
  @SignedIn()
  changePassword(
    @Args('input') passwords: ChangePasswordInput,
    @CurrentUser() { userId }: Caller,
    @CurrentSession() sessionId: string,
  ): Promise<AuthTokens> {
    return this.userService.changePassword({ userId, sessionId, passwords });
  }
}
