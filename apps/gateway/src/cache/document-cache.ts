import { LRUCache } from 'lru-cache';

/** A document of 2,000 characters can take half a megabyte once it is parsed. */
const MAX_DOCUMENTS = 200;
/** A longer document is an attack or has data in it that belongs in variables; it is parsed each time. */
const MAX_LENGTH = 10_000;

/**
 * The documents used most recently, by their hash. Apollo's own cache measures the JSON of a document, which counts neither
 * comments nor whitespace, although a parsed document keeps its source.
 */
export class DocumentCache<T extends object | string> {
  private readonly documents = new LRUCache<string, T>({ max: MAX_DOCUMENTS });

  constructor(private readonly lengthOf: (document: T) => number) {}

  async get(hash: string): Promise<T | undefined> {
    return this.documents.get(hash);
  }

  async set(hash: string, document: T): Promise<void> {
    if (this.lengthOf(document) <= MAX_LENGTH) this.documents.set(hash, document);
  }

  async delete(hash: string): Promise<boolean> {
    return this.documents.delete(hash);
  }
}
