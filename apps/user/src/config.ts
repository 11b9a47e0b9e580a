import { DEFAULT_PORTS } from '@app/contracts';
import { DatabaseServiceConfig, loadConfig } from '@app/platform';
import { Type } from 'class-transformer';
import { IsInt, Max, Min, ValidateBy, type ValidationArguments } from 'class-validator';

/** KiB; the least that OWASP recommends for argon2id with two passes. */
const RECOMMENDED_HASH_MEMORY = 19_456;
/** KiB; the least that argon2 accepts. */
const MIN_HASH_MEMORY = 8;

export class UserConfig extends DatabaseServiceConfig {
  override PORT: number = DEFAULT_PORTS.user;
  override DATABASE_URL: string = 'postgres://postgres@127.0.0.1:5432/bazaar_user';

  /** KiB of memory that hashing a password takes: the cost of a guess. Tests set little. */
  @Type(() => Number) @IsInt() @Max(1_048_576) @IsEnoughMemory() PASSWORD_HASH_MEMORY_KIB: number =
    RECOMMENDED_HASH_MEMORY;

  /** How long a refresh token that was replaced still gets its successor, for tabs that refresh at once and lost answers. */
  @Type(() => Number) @IsInt() @Min(0) @Max(60) REFRESH_GRACE_SECONDS: number = 20;
}

export const readConfig = () => loadConfig(UserConfig, process.env);

/** In production, not less than recommended. */
function IsEnoughMemory(): PropertyDecorator {
  const min = (args?: ValidationArguments) => {
    const config = args?.object as UserConfig | undefined;
    return config?.NODE_ENV === 'production' ? RECOMMENDED_HASH_MEMORY : MIN_HASH_MEMORY;
  };
  return ValidateBy({
    name: 'isEnoughMemory',
    validator: {
      validate: (value, args) => typeof value === 'number' && value >= min(args),
      defaultMessage: (args) => `${args?.property} must not be less than ${min(args)}`,
    },
  });
}
