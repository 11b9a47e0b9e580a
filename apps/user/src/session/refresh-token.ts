import { createHash, randomBytes } from 'node:crypto';

const ID_BYTES = 16;
const SECRET_BYTES = 32;
/** Both of them in base64url, which needs no padding at this length: each token is spelled in one way. */
const SPELLING = /^[\w-]{64}$/;

/** Names its session, so that one that was used before is known again; the rest of it nobody can guess. */
export function newRefreshToken(sessionId: string): string {
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, randomBytes(SECRET_BYTES)]).toString('base64url');
}

/** Undefined for what is no refresh token. */
export function sessionIdOf(refreshToken: string): string | undefined {
  if (!SPELLING.test(refreshToken)) return undefined;
  const id = Buffer.from(refreshToken, 'base64url').toString('hex', 0, ID_BYTES);
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** What is kept of it; enough for a token with 256 random bits. */
export const hashOfToken = (token: string) => createHash('sha256').update(token).digest('base64url');
