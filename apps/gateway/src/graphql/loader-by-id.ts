import { isId } from '@app/contracts';
import DataLoader from 'dataloader';

/** The most ids in one request to a service. */
const MAX_IDS = 1_000;

/** Batches the loads of one operation into few requests, and loads each id once. */
export abstract class LoaderById<T extends object, Operation extends object = object> {
  private readonly byOperation = new WeakMap<Operation, DataLoader<string, T | null>>();

  /** In the order of the ids; null for an id that does not exist. */
  protected abstract getMany(ids: readonly string[], operation: Operation): Promise<(T | null)[]>;

  /** @param operation GraphQL's context value, which is new for each operation. */
  async load(operation: Operation, id: string): Promise<T | null> {
    if (!isId(id)) return null;
    let loader = this.byOperation.get(operation);
    if (!loader) {
      loader = new DataLoader((ids) => this.getMany(ids, operation), { maxBatchSize: MAX_IDS });
      this.byOperation.set(operation, loader);
    }
    return loader.load(id);
  }
}

/** Sorts the reply of a service into the order of the requested ids. */
export function inOrderOf<T extends { id: string }>(ids: readonly string[], found: T[]): (T | null)[] {
  const byId = new Map(found.map((one) => [one.id, one]));
  return ids.map((id) => byId.get(id) ?? null);
}
