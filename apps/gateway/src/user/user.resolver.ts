import { type AuthenticatedRequest, callerOf, CurrentUser, Public, SignedIn } from '@app/auth';
import {
  AppError,
  Caller,
  type UserClient,
  mayActFor,
  ProfileDto,
  ProfileInput,
  RegisterInput,
  UserDto,
  users,
} from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Context, Info, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { HASHING_COMPLEXITY } from '../auth/hashing-complexity.js';
import { IdArgument } from '../graphql/id-argument.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { maskEmail } from './mask-email.js';
import { withinListLimit } from '../graphql/limits/truncated-lists.js';
import { UserLoader } from './user.loader.js';

interface Operation {
  readonly req: AuthenticatedRequest;
}

@Resolver(() => UserDto)
export class UserResolver {
  /** A user who has just registered has no token yet, but may see their own private fields. */
  private readonly justRegistered = new WeakSet<UserDto>();

  constructor(
    @InjectClient(users) private readonly userService: UserClient,
    private readonly loader: UserLoader,
  ) {}

  @Query(() => [UserDto], {
    description:
      'Requires an access token. The newest 1000 users; `extensions.truncated` says if there are more. `userConnection` has ' +
      'all of them, in pages.',
  })
  @SignedIn()
  async users(@Context() operation: object, @Info() field: GraphQLResolveInfo): Promise<UserDto[]> {
    return withinListLimit(operation, field, { rows: await this.userService.list({}), connection: 'userConnection' });
  }

  @Query(() => UserDto, {
    description: 'Public. Null if there is no user with this id. Strangers see a masked e-mail address and no profile.',
    nullable: true,
  })
  @Public()
  user(@IdArgument() id: string, @Context() operation: object): Promise<UserDto | null> {
    return this.loader.load(operation, id);
  }

  @Query(() => UserDto, { description: 'The caller. Requires an access token.' })
  @SignedIn()
  async me(@CurrentUser() caller: Caller, @Context() operation: object): Promise<UserDto> {
    const me = await this.loader.load(operation, caller.userId);
    if (!me) throw new AppError('USER_NOT_FOUND', 'User not found');
    return me;
  }

  @Mutation(() => UserDto, {
    description: 'Public. Creates a user with the role CUSTOMER. Errors: BAD_USER_INPUT, EMAIL_TAKEN, RATE_LIMITED.',
    complexity: HASHING_COMPLEXITY,
  })
  @Public()
  async registerUser(@Args('input', { description: 'The new user.' }) input: RegisterInput): Promise<UserDto> {
    const user = await this.userService.register(input);
    this.justRegistered.add(user);
    return user;
  }

  @Mutation(() => UserDto, {
    description:
      'Requires an access token. A new address also applies to the open orders of the caller. Errors: BAD_USER_INPUT, UNAUTHENTICATED, USER_NOT_FOUND.',
  })
  @SignedIn()
  updateProfile(
    @Args('input', { description: 'The changes.' }) input: ProfileInput,
    @CurrentUser() caller: Caller,
  ): Promise<UserDto> {
    return this.userService.updateProfile({ caller, changes: input });
  }

  @ResolveField({ complexity: RESOLVER_COMPLEXITY })
  email(@Parent() user: UserDto, @Context() { req }: Operation): string {
    return this.maySeePrivateFields(user, req) ? user.email : maskEmail(user.email);
  }

  @ResolveField({ complexity: RESOLVER_COMPLEXITY })
  profile(@Parent() user: UserDto, @Context() { req }: Operation): ProfileDto | null {
    return this.maySeePrivateFields(user, req) ? user.profile : null;
  }

  /** @throws AppError if the caller's token cannot be checked now. */
  private maySeePrivateFields(user: UserDto, request: AuthenticatedRequest): boolean {
    if (this.justRegistered.has(user)) return true;
    const caller = callerOf(request);
    return caller !== undefined && mayActFor(caller, user.id);
  }
}
