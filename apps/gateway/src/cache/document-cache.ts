/** A document of 2,000 characters can take half a megabyte once it is parsed. */
const MOST_DOCUMENTS = 200;
/** Longer ones are hostile or have data in them that belongs in variables: they are parsed each time. */
const LONGEST = 10_000;

/**
 * Documents by their hash, those that were used last. Apollo's own cache goes by the size of the JSON, which counts neither
 * comments nor space, and yet a parsed document keeps its source.
 */
export class DocumentCache<T> {
  private readonly documents = new Map<string, T>();

  constructor(private readonly lengthOf: (document: T) => number) {}

  async get(hash: string): Promise<T | undefined> {
    const document = this.documents.get(hash);
    if (document === undefined) return undefined;
    // Behind all others: the one in front has not been used for longest.
    this.documents.delete(hash);
    this.documents.set(hash, document);
    return document;
  }

  async set(hash: string, document: T): Promise<void> {
    if (this.lengthOf(document) > LONGEST) return;
    this.documents.delete(hash);
    if (this.documents.size >= MOST_DOCUMENTS) this.documents.delete(this.documents.keys().next().value as string);
    this.documents.set(hash, document);
  }

  async delete(hash: string): Promise<boolean> {
    return this.documents.delete(hash);
  }
}
