/** The complexity of a mutation that hashes a password, which is slow on purpose. */
export const HASHING_COMPLEXITY = 120_000;
