const [MIN_PAUSE_MS, MAX_PAUSE_MS] = [20, 200];

/** Calls `check` until it does not throw: less often the longer that takes. @throws its last error after `timeoutMs`. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 30_000): Promise<T> {
  const began = Date.now();
  for (;;) {
    try {
      return await check();
    } catch (error) {
      const elapsed = Date.now() - began;
      if (elapsed > timeoutMs) throw error;
      const pause = Math.min(Math.max(elapsed / 10, MIN_PAUSE_MS), MAX_PAUSE_MS);
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
