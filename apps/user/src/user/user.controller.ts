import {
  AppError,
  canonicalEmail,
  MAX_LIST,
  users,
  type Page,
  type PageArgs,
  type ProfileUpdate,
  type RegisterInput,
  type UserDto,
  type UserIds,
} from '@app/contracts';
import { OnRequest, Outbox } from '@app/messaging';
import { newestFirst, toPage } from '@app/platform';
import { EntityManager, LockMode, UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import { PasswordHasher } from '../session/password-hasher.js';
import { User } from './user.entity.js';

@Controller()
export class UserController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
    private readonly passwordHasher: PasswordHasher,
  ) {}

  @OnRequest(users.requests.register)
  async register({ name, email: typedEmail, password }: RegisterInput): Promise<UserDto> {
    const email = canonicalEmail(typedEmail);
    const user = new User(name, email, await this.passwordHasher.hash(password));
    if (await this.em.count(User, { emailKey: email })) throw emailTaken();
    this.em.persist(user);
    this.outbox.add(users.events.registered, {
      userId: user.id,
      version: user.version,
      registeredAt: user.createdAt.toISOString(),
    });
    try {
      await this.em.flush();
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw emailTaken();
      throw error;
    }
    return user.toDto();
  }

  @OnRequest(users.requests.getMany)
  async getMany({ ids }: UserIds): Promise<UserDto[]> {
    const found = await this.em.find(User, { id: { $in: ids } });
    return found.map((user) => user.toDto());
  }

  @OnRequest(users.requests.list)
  async list(): Promise<UserDto[]> {
    const newest = await this.em.find(User, {}, { orderBy: { id: 'desc' }, limit: MAX_LIST + 1 });
    return newest.map((user) => user.toDto());
  }

  @OnRequest(users.requests.page)
  async page(page: PageArgs): Promise<Page<UserDto>> {
    const { where, options } = newestFirst(page);
    const rows = await this.em.find(User, where, options);
    return toPage(rows, page, { keyOf: ({ id }) => [id], node: (user) => user.toDto() });
  }

  @OnRequest(users.requests.count)
  count(): Promise<number> {
    return this.em.count(User);
  }

  @OnRequest(users.requests.updateProfile)
  async updateProfile({ caller, changes }: ProfileUpdate): Promise<UserDto> {
    return this.em.transactional(async (tx) => {
      const user = await tx.findOne(User, caller.userId, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!user) throw new AppError('USER_NOT_FOUND', 'User not found');
      const before = user.shippingDetails();
      user.change(changes);
      const { version } = user;
      const shipping = user.shippingDetails();
      // Every open order of the user processes this event, so publish it only when the address changes.
      if (!isDeepStrictEqual(shipping, before))
        this.outbox.add(users.events.profileUpdated, { userId: user.id, version, ...shipping });
      return user.toDto();
    });
  }
}

const emailTaken = () => new AppError('EMAIL_TAKEN', 'This e-mail is already registered');
