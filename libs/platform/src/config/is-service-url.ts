import { ValidateBy, type ValidationArguments } from 'class-validator';

const SAMPLE_PASSWORDS = new Set(['', 'guest', 'postgres', 'bazaar', 'password', 'secret']);

/** A URL of one of the schemes; in production it must carry a password, and none of the samples'. */
export const IsServiceUrl = (...schemes: string[]) =>
  ValidateBy({
    name: 'isServiceUrl',
    validator: {
      validate: (value, args) => faultOf(value, schemes, args) === undefined,
      defaultMessage: (args) => `${args?.property} ${faultOf(args?.value, schemes, args)}`,
    },
  });

function faultOf(value: unknown, schemes: string[], args?: ValidationArguments): string | undefined {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !schemes.includes(url.protocol.slice(0, -1))) return `must be a URL that begins with ${schemes[0]}://`;
  const production = (args?.object as { NODE_ENV?: string } | undefined)?.NODE_ENV === 'production';
  if (production && SAMPLE_PASSWORDS.has(url.password)) return 'must carry a password of its own in production';
  return undefined;
}
