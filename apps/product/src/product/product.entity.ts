import {
  AppError,
  fromCents,
  MAX_STOCK,
  toCents,
  type ProductDto,
  type ProductInput,
  type ProductUpdateInput,
} from '@app/contracts';
import { Check, Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';

const ACTIVE = 'deleted_at is null';

/** For a list of products, an index for each sort that it may be in: any page of it is a range of one of them. */
const IndexesFor =
  (list: string, where: string, ...of: 'sellerId'[]) =>
  (product: typeof Product) => {
    const sorts = { newest: ['id'], price: ['priceCents', 'id'], name: ['nameKey', 'id'] } as const;
    for (const [sort, key] of Object.entries(sorts))
      Index<typeof Product, keyof Product>({
        name: `products_${list}_${sort}_index`,
        properties: [...of, ...key],
        where,
      })(product);
  };

/** A column that PostgreSQL computes. */
const computed = (expression: string) => ({ generated: `(${expression}) stored`, nullable: true, lazy: true });

/**
 * The SQL of a text in small letters, whatever the locale of the database, and without what PostgreSQL's parser would join
 * words by, `red/blue` to a path and `tea.cups` to a host. What is searched and what is looked for go through it alike.
 */
export const plainText = (text: string) => `translate(lower(${text} collate "und-x-icu"), './@<>&', '      ')`;

@Entity({ tableName: 'products' })
@Check({ name: 'products_stock_check', expression: 'stock >= 0' })
@IndexesFor('all', ACTIVE)
@IndexesFor('in_stock', `${ACTIVE} and in_stock`)
@IndexesFor('sold_out', `${ACTIVE} and not in_stock`)
@IndexesFor('seller', ACTIVE, 'sellerId')
@Index({ name: 'products_words_index', type: 'gin', properties: ['words'], where: ACTIVE })
export class Product {
  /** Time-ordered, so that newest first is the primary key backwards. */
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @Property({ length: 200 }) name: string;
  @Property({ type: 'int' }) priceCents: number;
  /** Units that can still be ordered: what is reserved is no longer in it. */
  @Property({ type: 'int' }) stock: number;
  /** Units that orders hold until they are shipped or cancelled. */
  @Property({ type: 'int', default: 0 }) reserved: number = 0;
  @Property({ type: 'text' }) description: string;
  @Property({ type: 'uuid' }) sellerId: string;
  /** Counts changes; events carry it, so that the newer of two is known. */
  @Property({ type: 'int' }) version: number = 1;
  @Property() createdAt: Date = new Date();
  @Property() updatedAt: Date = this.createdAt;
  /** Kept after it is deleted, since stock can still come back to it. */
  @Property({ nullable: true, type: Date }) deletedAt: Date | null = null;

  // PostgreSQL makes the rest out of the above, for lists to go by; it is not read along with a product.

  /** Sorted by code point, whatever the locale of the database. */
  @Property({ ...computed('lower(name collate "und-x-icu")'), type: 'text', collation: 'C' }) readonly nameKey: string;
  @Property({ ...computed('stock > 0'), type: 'boolean' }) readonly inStock: boolean;
  @Property({
    ...computed(`to_tsvector('simple', ${plainText(`(name || ' ' || description)`)})`),
    columnType: 'tsvector',
  })
  readonly words: string;

  constructor(sellerId: string, { name, price, description, stock }: ProductInput) {
    this.sellerId = sellerId;
    this.name = name;
    this.priceCents = toCents(price);
    this.description = description;
    this.stock = stock;
  }

  /** @throws AppError BAD_USER_INPUT with `limit`, `actual` and `reserved`, for more units than may come back to the stock. */
  change({ name, price, description, stock }: ProductUpdateInput) {
    this.name = name ?? this.name;
    this.priceCents = price === undefined || price === null ? this.priceCents : toCents(price);
    this.description = description ?? this.description;
    if (stock !== undefined && stock !== null) this.setStock(stock);
    this.touch();
  }

  private setStock(stock: number) {
    const actual = stock + this.reserved;
    // Fewer than there are is always possible, also where there are too many.
    if (stock > this.stock && actual > MAX_STOCK) {
      const message = `stock and the ${this.reserved} reserved units must not be greater than ${MAX_STOCK} together`;
      const fields = { stock: [message] };
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

  toDto(): ProductDto {
    const { id, name, priceCents, stock, description, sellerId, createdAt, updatedAt } = this;
    return {
      id,
      name,
      price: fromCents(priceCents),
      stock,
      description,
      sellerId,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}
