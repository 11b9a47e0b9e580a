import { createHash, createHmac, randomBytes } from 'node:crypto';

const ID_BYTES = 16;
const SERIES_BYTES = 12;
const SECRET_BYTES = 20;
const SALT_BYTES = 32;
/** The three parts in base64url. At this length it has no padding, so each token has one spelling. */
const SPELLING = /^[\w-]{64}$/;

/**
 * A refresh token consists of its session's id, the session's series and a secret. Access tokens contain the id, but only refresh
 * tokens contain the series. So a token with the right series was issued, or comes from someone who holds one that was.
 */
export function newRefreshToken(sessionId: string, series: string): string {
  const id = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
  return Buffer.concat([id, Buffer.from(series, 'base64url'), randomBytes(SECRET_BYTES)]).toString('base64url');
}

/** Can be computed again only with both the predecessor, which clients have, and the salt, which the database has. */
export function successorOf(refreshToken: string, salt: string): string {
  const secret = createHmac('sha256', salt).update(refreshToken).digest().subarray(0, SECRET_BYTES);
  const idAndSeries = Buffer.from(refreshToken, 'base64url').subarray(0, ID_BYTES + SERIES_BYTES);
  return Buffer.concat([idAndSeries, secret]).toString('base64url');
}

export const newSeries = () => randomBytes(SERIES_BYTES).toString('base64url');

export const newSalt = () => randomBytes(SALT_BYTES).toString('base64url');

/** Undefined if the text is not a refresh token. */
export function sessionIdOf(refreshToken: string): string | undefined {
  if (!SPELLING.test(refreshToken)) return undefined;
  const id = Buffer.from(refreshToken, 'base64url').toString('hex', 0, ID_BYTES);
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export const seriesOf = (refreshToken: string) =>
  Buffer.from(refreshToken, 'base64url').toString('base64url', ID_BYTES, ID_BYTES + SERIES_BYTES);

/** What the database stores. A fast hash is enough for a secret of 160 random bits. */
export const hashOfToken = (token: string) => createHash('sha256').update(token).digest('base64url');
