/** How long an access token is good for. */
export const TOKEN_LIFETIME_S = 15 * 60;
/** How long others may keep the JWKS. */
export const JWKS_MAX_AGE_S = 5 * 60;
/** How long an instance goes by the keys that it has read. */
export const REREAD_MS = 60_000;
/** How old what it has read must be before a key that is not among them makes it read again. */
export const UNKNOWN_REREAD_MS = 5_000;

/** By then whoever verifies has the key: an instance has read it, and a cache of what that served has run out. */
const SIGNS_AFTER_MS = 2 * REREAD_MS + JWKS_MAX_AGE_S * 1000;
/** By then the last token that an older key signed, at an instance that had not read the newer one, has expired. */
const ALONE_AFTER_MS = SIGNS_AFTER_MS + REREAD_MS + TOKEN_LIFETIME_S * 1000;

interface Dated {
  readonly createdAt: Date;
}

/** Which of the keys, the oldest first, signs: the newest that is known everywhere, or the only one from the start. */
export const keyThatSigns = <K extends Dated>(keys: readonly K[], now = Date.now()): K | undefined =>
  keys.findLast((key) => ageOf(key, now) >= SIGNS_AFTER_MS) ?? keys[0];

/** Those of the keys, the oldest first, that no token needs any more. */
export const outdatedKeys = <K extends Dated>(keys: readonly K[], now = Date.now()): K[] =>
  keys.slice(
    0,
    Math.max(
      0,
      keys.findLastIndex((key) => ageOf(key, now) >= ALONE_AFTER_MS),
    ),
  );

/** From when on a key that is made now signs, unless it is the only one. */
export const signsFrom = ({ createdAt }: Dated) => new Date(createdAt.getTime() + SIGNS_AFTER_MS);

const ageOf = ({ createdAt }: Dated, now: number) => now - createdAt.getTime();
