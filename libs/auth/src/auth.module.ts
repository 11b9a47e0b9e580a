import { type DynamicModule, Module, type ModuleMetadata, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.js';
import { BearerStrategy } from './bearer.strategy.js';
import { EndedSessions } from './ended-sessions.js';
import { TokenValidator } from './token-validator.js';
import { TokenVerdicts } from './token-verdicts.js';

@Module({})
export class AuthModule {
  /** Guards every resolver of the app. `imports` provide the dependencies of `validator`. */
  static forRoot(options: { validator: Type<TokenValidator>; imports?: ModuleMetadata['imports'] }): DynamicModule {
    return {
      module: AuthModule,
      imports: options.imports,
      providers: [
        { provide: TokenValidator, useClass: options.validator },
        EndedSessions,
        TokenVerdicts,
        BearerStrategy,
        { provide: APP_GUARD, useClass: AccessGuard },
      ],
      exports: [EndedSessions, BearerStrategy],
    };
  }
}
