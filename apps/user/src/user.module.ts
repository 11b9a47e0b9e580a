import type { ServiceDefinition } from '@app/platform';
import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';
import { database } from './mikro-orm.config.js';
import { AccessTokens } from './session/access-tokens.js';
import { JwksController } from './session/jwks.controller.js';
import { LoginThrottle } from './session/login-throttle.js';
import { PasswordHasher } from './session/password-hasher.js';
import { SessionController } from './session/session.controller.js';
import { SigningKeys } from './session/signing-keys.js';
import { UserController } from './user/user.controller.js';

@Module({
  imports: [JwtModule],
  controllers: [UserController, SessionController, JwksController],
  providers: [AccessTokens, SigningKeys, PasswordHasher, LoginThrottle],
})
export class UserModule {}

export const userService: ServiceDefinition = { name: 'user', module: UserModule, database };
