/** How long an access token is valid. */
export const TOKEN_LIFETIME_S = 15 * 60;
/** How long clients may cache the JWKS. */
export const JWKS_MAX_AGE_S = 5 * 60;
/** How long an instance uses the keys that it has read. */
export const REREAD_MS = 60_000;
/** How old its keys must be before an unknown key makes the instance read them again. */
export const UNKNOWN_REREAD_MS = 5_000;

/** By then every verifier has the key: each instance has read it, and every cached JWKS has expired. */
const SIGNS_AFTER_MS = 2 * REREAD_MS + JWKS_MAX_AGE_S * 1000;
/** By then the last token that an older key signed has expired. An instance may sign with the older key until it reads again. */
const RETIRE_AFTER_MS = SIGNS_AFTER_MS + REREAD_MS + TOKEN_LIFETIME_S * 1000;

interface Dated {
  readonly createdAt: Date;
}

/** The key that signs: the newest one known to every verifier, else the oldest. Expects the oldest key first. */
export const currentKey = <K extends Dated>(keys: readonly K[], now = Date.now()): K | undefined =>
  keys.findLast((key) => ageOf(key, now) >= SIGNS_AFTER_MS) ?? keys[0];

/** The keys that no valid token uses. Expects the oldest key first. */
export const outdatedKeys = <K extends Dated>(keys: readonly K[], now = Date.now()): K[] =>
  keys.slice(
    0,
    Math.max(
      0,
      keys.findLastIndex((key) => ageOf(key, now) >= RETIRE_AFTER_MS),
    ),
  );

/** When a key begins to sign, unless it is the only one. */
export const signsFrom = ({ createdAt }: Dated) => new Date(createdAt.getTime() + SIGNS_AFTER_MS);

const ageOf = ({ createdAt }: Dated, now: number) => now - createdAt.getTime();
