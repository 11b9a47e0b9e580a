/** People mistype their passwords: this many failures cause no wait. */
const FREE_FAILURES = 4;
const MAX_WAIT_S = 15 * 60;

/** Seconds to wait before the next login, after so many failures in a row: none at first, then doubled by each failure. */
export const waitAfter = (failures: number): number =>
  failures <= FREE_FAILURES ? 0 : Math.min(2 ** (failures - FREE_FAILURES - 1), MAX_WAIT_S);
