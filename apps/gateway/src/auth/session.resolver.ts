import { Public } from '@app/auth';
import { AuthTokens, type UserClient, LoginInput, users } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Mutation, Resolver } from '@nestjs/graphql';

@Resolver()
export class SessionResolver {
  constructor(@InjectClient(users) private readonly userService: UserClient) {}

  @Mutation(() => AuthTokens)
  @Public()
  loginUser(@Args('input') input: LoginInput): Promise<AuthTokens> {
    return this.userService.login(input);
  }
}
