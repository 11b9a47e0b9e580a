import { type UserClient, type UserDto, users } from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { inOrderOf, LoaderById } from '../graphql/loader-by-id.js';

@Injectable()
export class UserLoader extends LoaderById<UserDto> {
  constructor(@InjectClient(users) private readonly userService: UserClient) {
    super();
  }

  protected async getMany(ids: readonly string[]) {
    return inOrderOf(ids, await this.userService.getMany({ ids: [...ids] }));
  }
}
