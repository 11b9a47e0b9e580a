/** A field with a resolver takes as long as many fields without one. */
export const RESOLVER_COMPLEXITY = 20;
/** Counts every row of a list. */
export const TOTAL_COUNT_COMPLEXITY = 3_000;
