import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';

/** Says every fault of the environment at once; its message is meant for the operator, without a stack. */
export class ConfigError extends Error {
  constructor(faults: string[]) {
    super(`The environment has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/**
 * Reads the variables that the class declares; an empty one counts as not set.
 * @throws ConfigError that names every fault.
 */
export function loadConfig<T extends object>(type: Type<T>, env: Record<string, string | undefined>): T {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const config = plainToInstance(type, given, { exposeDefaultValues: true });
  const faults = validateSync(config, { whitelist: true });
  if (faults.length) throw new ConfigError(faults.flatMap((fault) => Object.values(fault.constraints ?? {})));
  return Object.freeze(config);
}
