import { SignedIn } from '@app/auth';
import { type Page, PageArgs, type UserClient, UserConnection, type UserDto, users } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Int, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { TOTAL_COUNT_COMPLEXITY } from '../graphql/limits/complexity.js';

@Resolver(() => UserConnection)
export class UserConnectionResolver {
  constructor(@InjectClient(users) private readonly userService: UserClient) {}

  @Query(() => UserConnection, { description: 'Requires an access token. All users, newest first.' })
  @SignedIn()
  userConnection(@Args() page: PageArgs): Promise<Page<UserDto>> {
    return this.userService.page(page);
  }

  @ResolveField(() => Int, {
    description: 'The number of users. Expensive: it counts all of them.',
    complexity: TOTAL_COUNT_COMPLEXITY,
  })
  totalCount(): Promise<number> {
    return this.userService.count({});
  }
}
