/** So many mistakes cost nothing: people make them. */
const FREE_FAILURES = 4;
const LONGEST_WAIT_S = 15 * 60;

/** How many seconds nobody may log in after so many failures in a row: none at first, then twice as long after each. */
export const waitAfter = (failures: number): number =>
  failures <= FREE_FAILURES ? 0 : Math.min(2 ** (failures - FREE_FAILURES - 1), LONGEST_WAIT_S);
