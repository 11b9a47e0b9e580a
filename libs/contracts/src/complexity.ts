const BYTES_PER_POINT = 1_000;
const MAX_BYTES_PER_CHARACTER = 4;

/** The complexity of a field whose longest value has so many bytes; the gateway limits the sum of an operation. */
export const bytesComplexity = (bytes: number): number => Math.ceil(bytes / BYTES_PER_POINT);

export const textComplexity = (characters: number): number => bytesComplexity(MAX_BYTES_PER_CHARACTER * characters);
