import { fromCents, toCents, type ProductDto, type ProductInput, type ProductUpdateInput } from '@app/contracts';
import { Check, Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import { v7 } from 'uuid';

@Entity({ tableName: 'products' })
@Check({ name: 'products_stock_check', expression: 'stock >= 0' })
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
