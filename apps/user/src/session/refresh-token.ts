import { createHash, randomBytes } from 'node:crypto';

const ID_BYTES = 16;
const SECRET_BYTES = 32;
/** The id and the secret in base64url. At this length it has no padding, so each token has one spelling. */
const SPELLING = /^[\w-]{64}$/;

/** Contains its session's id, so that reuse of an old token can be detected, and a random secret. */
export function newRefreshToken(sessionId: string): string {
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, randomBytes(SECRET_BYTES)]).toString('base64url');
}

/** Undefined if the text is not a refresh token. */
export function sessionIdOf(refreshToken: string): string | undefined {
  if (!SPELLING.test(refreshToken)) return undefined;
  const id = Buffer.from(refreshToken, 'base64url').toString('hex', 0, ID_BYTES);
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What the database stores. A fast hash is enough for a secret of 256 random bits. */
export const hashOfToken = (token: string) => createHash('sha256').update(token).digest('base64url');
