import { fromCents, type ProductDto } from '@app/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Product } from './product.entity.js';

const FIELDS = ['id', 'name', 'priceCents', 'stock', 'description', 'sellerId', 'createdAt', 'updatedAt'] as const;

/** A product as PostgreSQL returns it. Lists are made of rows: entities would take most of their time. */
export interface ProductRow {
  id: string;
  name: string;
  /** A bigint comes as text. */
  priceCents: number | string;
  stock: number;
  description: string;
  sellerId: string;
  createdAt: Date;
  updatedAt: Date;
  /** Sorts by name. */
  nameKey: string;
}

export const productOf = ({
  id,
  name,
  priceCents,
  stock,
  description,
  sellerId,
  ...times
}: ProductRow): ProductDto => ({
  id,
  name,
  price: fromCents(Number(priceCents)),
  stock,
  description,
  sellerId,
  createdAt: times.createdAt.toISOString(),
  updatedAt: times.updatedAt.toISOString(),
});

/** A query for `ProductRow`s. */
export const selectProducts = (em: EntityManager) => em.createQueryBuilder(Product).select([...FIELDS, 'nameKey']);
