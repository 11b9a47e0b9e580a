import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/** Lists every invalid setting. The message is for the operator, without a stack. */
export class ConfigError extends Error {
  constructor(problems: string[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    super(`${count} invalid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/**
 * Reads the variables that the class declares. An empty variable counts as not set.
 * @throws ConfigError with every invalid setting.
 */
export function loadConfig<T extends object>(type: Type<T>, env: Record<string, string | undefined>): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const config = plainToInstance(type, given, { exposeDefaultValues: true });
  const errors = validateSync(config, { whitelist: true });
  if (errors.length) throw new ConfigError(errors.flatMap(({ constraints }) => Object.values(constraints ?? {})));
  return Object.freeze(config);
}
