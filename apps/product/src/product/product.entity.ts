import { fromCents, toCents, type ProductDto, type ProductInput, type ProductUpdateInput } from '@app/contracts';
import { Check, Entity, Index, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';

const NOT_DELETED = 'deleted_at is null';

/** A column that PostgreSQL computes. */
const made = (expression: string) => ({ generated: `(${expression}) stored`, nullable: true, lazy: true });

/**
 * The SQL of a text in small letters, whatever the locale of the database, and without what PostgreSQL's parser would join
 * words by, `red/blue` to a path and `tea.cups` to a host. What is searched and what is looked for go through it alike.
 */
export const plainText = (text: string) => `translate(lower(${text} collate "und-x-icu"), './@<>&', '      ')`;

@Entity({ tableName: 'products' })
@Check({ name: 'products_stock_check', expression: 'stock >= 0' })
@Index({ name: 'products_all_newest_index', properties: ['id'], where: NOT_DELETED })
@Index({ name: 'products_all_price_index', properties: ['priceCents', 'id'], where: NOT_DELETED })
@Index({ name: 'products_all_name_index', properties: ['nameKey', 'id'], where: NOT_DELETED })
@Index({ name: 'products_seller_newest_index', properties: ['sellerId', 'id'], where: NOT_DELETED })
@Index({ name: 'products_seller_price_index', properties: ['sellerId', 'priceCents', 'id'], where: NOT_DELETED })
@Index({ name: 'products_seller_name_index', properties: ['sellerId', 'nameKey', 'id'], where: NOT_DELETED })
@Index({ name: 'products_in_stock_newest_index', properties: ['inStock', 'id'], where: NOT_DELETED })
@Index({ name: 'products_in_stock_price_index', properties: ['inStock', 'priceCents', 'id'], where: NOT_DELETED })
@Index({ name: 'products_in_stock_name_index', properties: ['inStock', 'nameKey', 'id'], where: NOT_DELETED })
@Index({ name: 'products_words_index', type: 'gin', properties: ['words'], where: NOT_DELETED })
export class Product {
  /** Time-ordered, so that newest first is the primary key backwards. */
  @PrimaryKey({ type: 'uuid' }) id: string = v7();
  @Property({ length: 200 }) name: string;
  @Property({ type: 'int' }) priceCents: number;
  /** Units that can still be ordered: what is reserved is no longer in it. */
  @Property({ type: 'int' }) stock: number;
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
  @Property({ ...made('lower(name collate "und-x-icu")'), type: 'text', collation: 'C' }) readonly nameKey: string;
  @Property({ ...made('stock > 0'), type: 'boolean' }) readonly inStock: boolean;
  @Property({ ...made(`to_tsvector('simple', ${plainText(`(name || ' ' || description)`)})`), columnType: 'tsvector' })
  readonly words: string;

  constructor(sellerId: string, { name, price, description, stock }: ProductInput) {
    this.sellerId = sellerId;
    this.name = name;
    this.priceCents = toCents(price);
    this.description = description;
    this.stock = stock;
  }

  change({ name, price, description, stock }: ProductUpdateInput) {
    this.name = name ?? this.name;
    this.priceCents = price === undefined || price === null ? this.priceCents : toCents(price);
    this.description = description ?? this.description;
    this.stock = stock ?? this.stock;
    this.touch();
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
