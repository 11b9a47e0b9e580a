import {
  AppError,
  insufficientStock,
  MAX_STOCK,
  toCents,
  type ProductInput,
  type ProductUpdateInput,
} from '@app/contracts';
import { Check, Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { BigIntType } from '@mikro-orm/postgresql';
import { isDeepStrictEqual } from 'node:util';
import { v7 } from 'uuid';

const isGiven = <T>(value: T | null | undefined): value is T => value !== undefined && value !== null;

const ACTIVE = 'deleted_at is null';

/** One index per sort for a list of products, so that every page is a range of an index. */
const IndexesFor =
  (list: string, where: string, ...of: 'sellerId'[]) =>
  (product: typeof Product) => {
    const sorts = {
      newest: ['id'],
      price: ['intPriceCents', 'id'],
      unit_price: ['priceCents', 'id'],
      name: ['nameKey', 'id'],
    } as const;
    for (const [sort, key] of Object.entries(sorts))
      Index<typeof Product, keyof Product>({
        name: `products_${list}_${sort}_index`,
        properties: [...of, ...key],
        where,
      })(product);
  };

/** A column that PostgreSQL computes. */
const computed = (expression: string) => ({ generated: `(${expression}) stored`, nullable: true, lazy: true });

@Entity({ tableName: 'products' })
@Check({ name: 'products_stock_check', expression: 'stock >= 0' })
@IndexesFor('all', ACTIVE)
@IndexesFor('in_stock', `${ACTIVE} and in_stock`)
@IndexesFor('sold_out', `${ACTIVE} and not in_stock`)
@IndexesFor('seller', ACTIVE, 'sellerId')
@Index({ name: 'products_words_index', type: 'gin', properties: ['words'], where: ACTIVE })
@Index({ name: 'products_terms_index', type: 'gin', properties: ['terms'], where: ACTIVE })
export class Product {
  /** Time-ordered: the primary key in descending order is newest first. */
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @Property({ length: 200 }) name: string;
  @Property({ type: new BigIntType('number'), fieldName: 'unit_price_cents', nullable: true }) priceCents: number;
  /** Units that can still be ordered. Excludes reserved units. */
  @Property({ type: 'int' }) stock: number;
  /** Units of orders that are neither shipped nor cancelled. */
  @Property({ type: 'int', default: 0 }) reserved: number = 0;
  @Property({ type: 'text' }) description: string;
  @Property({ type: 'uuid' }) sellerId: string;
  /** Counts changes. Events carry it, so that consumers can ignore older ones. */
  @Property({ type: 'int' }) version: number = 1;
  @Property() createdAt: Date = new Date();
  @Property() updatedAt: Date = this.createdAt;
  /** A deleted product keeps its row, because cancelled orders still return stock to it. */
  @Property({ nullable: true, type: Date }) deletedAt: Date | null = null;

  // PostgreSQL computes the following columns for lists. They are not loaded with a product.

  /** Sorted by code point, independently of the database's locale. */
  @Property({ ...computed('lower(name collate "und-x-icu")'), type: 'text', collation: 'C' }) readonly nameKey: string;
  @Property({ ...computed('stock > 0'), type: 'boolean' }) readonly inStock: boolean;
  /** Instances of the previous release search here. The next release removes it. */
  @Property({
    ...computed(
      `to_tsvector('simple', translate(lower((name || ' ' || description) collate "und-x-icu"), './@<>&', '      '))`,
    ),
    columnType: 'tsvector',
  })
  readonly words: string;
  /** Instances of the previous release read and write this price, and a trigger keeps both equal. The next release removes it. */
  @Property({ type: 'int', fieldName: 'price_cents', nullable: true, lazy: true }) readonly intPriceCents?: number;
  /** Words of the name and the description, without case and accents. A trigger sets it. */
  @Property({ columnType: 'tsvector', nullable: true, lazy: true }) readonly terms?: string;

  /** @throws AppError BAD_USER_INPUT with `limit` and `actual` if the price is above `maxPrice`. */
  constructor(sellerId: string, { name, price, description, stock }: ProductInput, maxPrice: number) {
    this.sellerId = sellerId;
    this.name = name;
    this.setPrice(price, maxPrice);
    this.description = description;
    this.stock = stock;
  }

  /**
   * Returns whether the product has changed.
   * @throws AppError STOCK_CHANGED with `stock`, or BAD_USER_INPUT with `limit`, `actual` and `reserved` if stock and reserved
   * units exceed MAX_STOCK, or with `limit` and `actual` if the price is above `maxPrice`.
   */
  change({ name, price, description, stock, expectedStock }: ProductUpdateInput, maxPrice: number): boolean {
    if (isGiven(expectedStock) && expectedStock !== this.stock)
      throw new AppError('STOCK_CHANGED', `The stock of "${this.name}" is ${this.stock} now, not ${expectedStock}`, {
        stock: this.stock,
      });
    const before = [this.name, this.priceCents, this.description, this.stock];
    this.name = name ?? this.name;
    if (isGiven(price)) this.setPrice(price, maxPrice);
    this.description = description ?? this.description;
    if (isGiven(stock)) this.setStock(stock, 'stock');
    if (isDeepStrictEqual(before, [this.name, this.priceCents, this.description, this.stock])) return false;
    this.touch();
    return true;
  }

  /** @throws AppError INSUFFICIENT_STOCK with `shortages`, or BAD_USER_INPUT as `change`. */
  adjustStock(delta: number) {
    const { id, name, stock } = this;
    if (stock + delta < 0) throw insufficientStock([{ id, name, requested: -delta, available: stock }]);
    this.setStock(stock + delta, 'delta');
    this.touch();
  }

  private setPrice(price: number, maxPrice: number) {
    const cents = toCents(price);
    // A form may save a price that exceeds a limit which was lowered later.
    if (cents !== this.priceCents && price > maxPrice) {
      const message = `price must not be greater than ${maxPrice}`;
      throw new AppError('BAD_USER_INPUT', message, { fields: { price: [message] }, limit: maxPrice, actual: price });
    }
    this.priceCents = cents;
  }

  private setStock(stock: number, field: 'stock' | 'delta') {
    const actual = stock + this.reserved;
    // Lowering the stock is always allowed, also when it exceeds the limit.
    if (stock > this.stock && actual > MAX_STOCK) {
      const message = `stock and the ${this.reserved} reserved units must not be greater than ${MAX_STOCK} together`;
      const fields = { [field]: [message] };
      throw new AppError('BAD_USER_INPUT', message, { fields, limit: MAX_STOCK, actual, reserved: this.reserved });
    }
    this.stock = stock;
  }

  delete() {
    this.deletedAt = new Date();
    this.touch();
  }

  private touch() {
    this.version++;
    this.updatedAt = new Date();
  }
}
