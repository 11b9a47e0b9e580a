import { createHash } from 'node:crypto';
import {
  type Page,
  type ProductClient,
  type ProductDto,
  type ProductFilter,
  type ProductPageArgs,
  products,
} from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Cache } from '@nestjs/cache-manager';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import DataLoader from 'dataloader';
import { GatewayConfig } from '../config.js';
import { inOrderOf } from '../graphql/loader-by-id.js';
import { countLookups } from '../cache/cache-metrics.js';
import { ProductVersion } from './product-version.js';

/** Versions make sure that nothing old is read; this is for what no version is left of. */
const KEPT_MS = 10_000;
/** Between two renewals for changes that others made. */
const RENEWAL_MS = 200;

/**
 * Public product reads. A key carries the version that was current before its data was asked for, so whoever reads slowly
 * keeps old data only under a version that nobody uses any more. Misses at one time are fetched once.
 */
@Injectable()
export class ProductCache implements OnApplicationShutdown {
  private readonly prefix: string;
  /** What is being fetched past the cache, while there is no version to go by. */
  private readonly fetching = new Map<string, Promise<unknown>>();
  private versionInMemory: string | undefined;
  private resting: NodeJS.Timeout | undefined;
  private changedMeanwhile = false;

  constructor(
    config: GatewayConfig,
    private readonly cache: Cache,
    private readonly version: ProductVersion,
    @InjectClient(products) private readonly productService: ProductClient,
  ) {
    this.prefix = `${config.KEY_PREFIX}products`;
  }

  async list(): Promise<ProductDto[]> {
    return this.read(await this.currentVersion(), 'list', () => this.productService.list({}));
  }

  async page(args: ProductPageArgs): Promise<Page<ProductDto>> {
    return this.read(await this.currentVersion(), `page:${digest(args)}`, () => this.productService.page(args));
  }

  async count(filter: ProductFilter): Promise<number> {
    return this.read(await this.currentVersion(), `count:${digest(filter)}`, () => this.productService.count(filter));
  }

  /** In the order of the ids; null for a product that does not exist. */
  async getMany(ids: readonly string[]): Promise<(ProductDto | null)[]> {
    const version = await this.currentVersion();
    const keys = ids.map((id) => this.keyOf(version, id));
    // Together: of those that are looked up one by one, each that is missing comes to light at another time.
    const cached = version === undefined ? [] : await this.cache.mget<ProductDto | null>(keys);
    const hits = cached.filter((product) => product !== undefined).length;
    countLookups('hit', hits);
    countLookups(version === undefined ? 'bypass' : 'miss', ids.length - hits);
    const missing = new DataLoader((missingIds: readonly string[]) => this.fetchMany(missingIds));
    const fetch = async (id: string, key: string) => {
      const product = await missing.load(id);
      if (version !== undefined) await this.cache.set(key, product, KEPT_MS);
      return product;
    };
    return Promise.all(
      ids.map((id, i) => {
        const [key, product] = [keys[i]!, cached[i]];
        return product === undefined ? this.fetchOnce(key, () => fetch(id, key)) : product;
      }),
    );
  }

  /** After a write of our own: once this is done, no read answers with what was before. */
  async changed(): Promise<void> {
    this.fetching.clear();
    await this.version.renew();
  }

  /** After a change that we heard of: the first counts at once, a flood of them every 200 ms. */
  async changedElsewhere(): Promise<void> {
    if (this.resting) {
      this.changedMeanwhile = true;
      return;
    }
    this.resting = setTimeout(() => {
      this.resting = undefined;
      if (this.changedMeanwhile) void this.changedElsewhere();
    }, RENEWAL_MS).unref();
    this.changedMeanwhile = false;
    await this.changed();
  }

  onApplicationShutdown() {
    clearTimeout(this.resting);
  }

  private async currentVersion(): Promise<string | undefined> {
    const version = await this.version.current();
    if (version !== undefined && version !== this.versionInMemory) {
      await this.cache.stores[0]?.clear();
      this.versionInMemory = version;
    }
    return version;
  }

  private async read<T>(version: string | undefined, name: string, fetch: () => Promise<T>): Promise<T> {
    if (version === undefined) {
      countLookups('bypass');
      return this.fetchOnce(name, fetch);
    }
    let outcome: 'hit' | 'miss' = 'hit';
    const fetchMissing = () => {
      outcome = 'miss';
      return fetch();
    };
    return this.cache.wrap(this.keyOf(version, name), fetchMissing, KEPT_MS).finally(() => countLookups(outcome));
  }

  private keyOf(version: string | undefined, name: string): string {
    return `${this.prefix}:v${version}:${name}`;
  }

  private fetchOnce<T>(name: string, fetch: () => Promise<T>): Promise<T> {
    const running = this.fetching.get(name) as Promise<T> | undefined;
    if (running) return running;
    const fetched = fetch().finally(() => {
      if (this.fetching.get(name) === fetched) this.fetching.delete(name);
    });
    this.fetching.set(name, fetched);
    return fetched;
  }

  private async fetchMany(ids: readonly string[]): Promise<(ProductDto | null)[]> {
    return inOrderOf(ids, await this.productService.getMany({ ids: [...ids] }));
  }
}

/** Short, and the same for arguments that say the same: GraphQL has put them in order, and null is as good as left out. */
const digest = (args: object): string =>
  createHash('sha256')
    .update(JSON.stringify(args, (_, value: unknown) => value ?? undefined))
    .digest('base64url');
