import DataLoader from 'dataloader';

/** What services accept in one request. */
const MOST_IDS = 1_000;

/** Gathers what the fields of one operation ask for by id into few requests, and asks for nothing twice. */
export abstract class LoaderById<T extends object> {
  private readonly byOperation = new WeakMap<object, DataLoader<string, T | null>>();

  /** In the order of the ids; null for what does not exist. */
  protected abstract getMany(ids: readonly string[]): Promise<(T | null)[]>;

  /** @param operation GraphQL's context value, which is a new one for each operation. */
  load(operation: object, id: string): Promise<T | null> {
    let loader = this.byOperation.get(operation);
    if (!loader) {
      loader = new DataLoader((ids) => this.getMany(ids), { maxBatchSize: MOST_IDS });
      this.byOperation.set(operation, loader);
    }
    return loader.load(id);
  }
}

/** Puts what a service answered in the order of the ids that it was asked for. */
export function inOrderOf<T extends { id: string }>(ids: readonly string[], found: T[]): (T | null)[] {
  const byId = new Map(found.map((one) => [one.id, one]));
  return ids.map((id) => byId.get(id) ?? null);
}
