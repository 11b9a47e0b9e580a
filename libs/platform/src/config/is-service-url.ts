import { ValidateBy, type ValidationArguments } from 'class-validator';

const SAMPLE_PASSWORDS = new Set(['', 'guest', 'postgres', 'bazaar', 'password', 'secret']);

/** A URL with one of these schemes. In production it must contain a password that is not a sample password. */
export const IsServiceUrl = (...schemes: string[]) =>
  ValidateBy({
    name: 'isServiceUrl',
    validator: {
      validate: (value, args) => problemOf(value, schemes, args) === undefined,
      defaultMessage: (args) => `${args?.property} ${problemOf(args?.value, schemes, args)}`,
    },
  });

function problemOf(value: unknown, schemes: string[], args?: ValidationArguments): string | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !schemes.includes(url.protocol.slice(0, -1))) return `must be a URL that begins with ${schemes[0]}://`;
  const production = (args?.object as { NODE_ENV?: string } | undefined)?.NODE_ENV === 'production';
  if (production && SAMPLE_PASSWORDS.has(url.password))
    return 'must contain a password in production, and not a sample one';
  return undefined;
}
