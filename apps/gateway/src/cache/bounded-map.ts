/** Keeps what fits into so many bytes: for what is added when it is full, what came first goes. */
export class BoundedMap<V> extends Map<string, V> {
  private readonly bytesOf = new Map<string, number>();
  private bytes = 0;

  constructor(private readonly mostBytes: number) {
    super();
  }

  override set(key: string, value: V) {
    this.delete(key);
    const bytes = bytesIn(key) + bytesIn(value);
    this.bytes += bytes;
    this.bytesOf.set(key, bytes);
    super.set(key, value);
    for (const first of this.keys()) {
      if (this.bytes <= this.mostBytes) break;
      this.delete(first);
    }
    return this;
  }

  override delete(key: string) {
    this.bytes -= this.bytesOf.get(key) ?? 0;
    this.bytesOf.delete(key);
    return super.delete(key);
  }

  override clear() {
    this.bytes = 0;
    this.bytesOf.clear();
    super.clear();
  }
}

/** About what plain data takes in memory, two bytes for a character and some for each thing there is; rather more than less. */
function bytesIn(value: unknown): number {
  if (typeof value === 'string') return 32 + 2 * value.length;
  if (typeof value !== 'object' || value === null) return 16;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesIn(part), 64);
}
