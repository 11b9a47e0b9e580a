const closing: (() => Promise<unknown>)[] = [];

/** Closes everything that a test has started, the latest first; call this after each test. */
export async function closeAll(): Promise<void> {
  while (closing.length) await closing.pop()!();
}

/** Registers a resource of a test for `closeAll`. */
export const closeLater = (close: () => Promise<unknown>): unknown => closing.push(close);
