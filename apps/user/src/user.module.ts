import type { ServiceDefinition } from '@app/platform';
import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { database } from './mikro-orm.config.js';
import { AccessTokens } from './session/access-tokens.js';
import { SessionController } from './session/session.controller.js';
import { UserController } from './user/user.controller.js';

@Module({
  imports: [JwtModule],
  controllers: [UserController, SessionController],
  providers: [AccessTokens],
})
export class UserModule {}

export const userService: ServiceDefinition = { name: 'user', module: UserModule, database };
