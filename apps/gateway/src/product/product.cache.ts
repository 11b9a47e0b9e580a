import { createHash } from 'node:crypto';
import {
  DEFAULT_PAGE,
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

/** Removes entries of old versions; versions alone already make sure that no old data is read. */
const TTL_MS = 10_000;
/** Between renewals of the version for changes by others. */
const MIN_RENEWAL_INTERVAL_MS = 200;

/**
 * Caches public product reads. A key contains the version that was current before its data was requested, so a slow read stores
 * old data only under a version that is no longer used. Concurrent misses share one request.
 */
@Injectable()
export class ProductCache implements OnApplicationShutdown {
  private readonly prefix: string;
  /** Requests in flight that bypass `Cache.wrap`. */
  private readonly fetching = new Map<string, Promise<unknown>>();
  private versionInMemory: string | undefined;
  private pause: NodeJS.Timeout | undefined;
  private changedDuringPause = false;

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
    const { first, last, ...others } = args;
    const size = { rows: first ?? last ?? DEFAULT_PAGE, isBackward: typeof last === 'number' };
    const name = `page:${digest({ ...size, ...others })}`;
    return this.read(await this.currentVersion(), name, () => this.productService.page(args));
  }

  async count(filter: ProductFilter): Promise<number> {
    return this.read(await this.currentVersion(), `count:${digest(filter)}`, () => this.productService.count(filter));
  }

  /** In the order of the ids; null for a product that does not exist. */
  async getMany(ids: readonly string[]): Promise<(ProductDto | null)[]> {
    const version = await this.currentVersion();
    const keys = ids.map((id) => this.keyOf(version, id));
    // In one lookup, so that all misses are known at the same time and share one request.
    const cached = version === undefined ? [] : await this.cache.mget<ProductDto | null>(keys);
    const hits = cached.filter((product) => product !== undefined).length;
    countLookups('hit', hits);
    countLookups(version === undefined ? 'bypass' : 'miss', ids.length - hits);
    const missing = new DataLoader((missingIds: readonly string[]) => this.fetchMany(missingIds));
    const fetch = async (id: string, key: string) => {
      const product = await missing.load(id);
      if (version !== undefined) await this.cache.set(key, product, TTL_MS);
      return product;
    };
    return Promise.all(
      ids.map(async (id, i) => {
        const [key, product] = [keys[i]!, cached[i]];
        return product === undefined ? this.fetchOnce(key, () => fetch(id, key)) : product;
      }),
    );
  }

  /** Call this after a write through this gateway: afterwards no read returns the data from before. */
  async changed(): Promise<void> {
    this.fetching.clear();
    await this.version.renew();
  }

  /** Call this after an event: the first invalidates at once, a flood of them every 200 ms. */
  async changedElsewhere(): Promise<void> {
    if (this.pause) {
      this.changedDuringPause = true;
      return;
    }
    this.pause = setTimeout(() => {
      this.pause = undefined;
      if (this.changedDuringPause) void this.changedElsewhere();
    }, MIN_RENEWAL_INTERVAL_MS).unref();
    this.changedDuringPause = false;
    await this.changed();
  }

  onApplicationShutdown() {
    clearTimeout(this.pause);
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
    return this.cache.wrap(this.keyOf(version, name), fetchMissing, TTL_MS).finally(() => countLookups(outcome));
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

/** Equal for equal arguments: GraphQL has sorted them, and null counts as omitted. */
const digest = (args: object): string =>
  createHash('sha256')
    .update(JSON.stringify(args, (_, value: unknown) => value ?? undefined))
    .digest('base64url');
