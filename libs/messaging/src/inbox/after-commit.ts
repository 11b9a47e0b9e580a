import { AsyncLocalStorage } from 'node:async_hooks';

type Effect = () => void;

const pending = new AsyncLocalStorage<Effect[]>();

/**
 * Runs `effect` once the transaction of the event that is being handled has committed, and never if it rolls back. Outside of
 * an event handler it runs at once. For what a rollback cannot undo, such as metrics.
 */
export function afterCommit(effect: Effect): void {
  const effects = pending.getStore();
  if (effects) effects.push(effect);
  else effect();
}

/** Runs a transaction, and the effects that it left for `afterCommit` once it has committed. */
export async function withEffects<T>(transaction: () => Promise<T>): Promise<T> {
  const effects: Effect[] = [];
  const result = await pending.run(effects, transaction);
  for (const effect of effects) effect();
  return result;
}
