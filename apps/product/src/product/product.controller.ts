import {
  AppError,
  fromCents,
  MAX_LIST,
  mayActFor,
  productNotFound,
  products,
  type Caller,
  type ChangedProduct,
  type NewProduct,
  type Page,
  type ProductChanges,
  type ProductDeletion,
  type ProductDto,
  type ProductFilter,
  type ProductIds,
  type ProductPageArgs,
  type ProductQuote,
  type ProductSummary,
  type StockAdjustment,
} from '@app/contracts';
import { OnRequest, Outbox } from '@app/messaging';
import { EntityManager, LockMode } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { ProductConfig } from '../config.js';
import { countProducts, listProducts } from './list-products.js';
import { Product } from './product.entity.js';
import { productOf, type ProductRow, selectProducts } from './product-row.js';
import { once } from './stock-adjustment.js';

@Controller()
export class ProductController {
  constructor(
    private readonly em: EntityManager,
    private readonly outbox: Outbox,
    private readonly config: ProductConfig,
  ) {}

  @OnRequest(products.requests.create)
  async create({ caller, product: input }: NewProduct): Promise<ProductDto> {
    const product = new Product(caller.userId, input, this.config.MAX_PRICE);
    this.em.persist(product);
    this.outbox.add(products.events.created, { productId: product.id, version: product.version });
    await this.em.flush();
    return productOf(product);
  }

  @OnRequest(products.requests.getMany)
  async getMany({ ids }: ProductIds): Promise<ProductDto[]> {
    const found = selectProducts(this.em).where({ id: { $in: ids }, deletedAt: null });
    return (await found.execute<ProductRow[]>('all')).map(productOf);
  }

  @OnRequest(products.requests.list)
  async list(): Promise<ProductDto[]> {
    const newest = selectProducts(this.em)
      .where({ deletedAt: null })
      .orderBy({ id: 'desc' })
      .limit(MAX_LIST + 1);
    return (await newest.execute<ProductRow[]>('all')).map(productOf);
  }

  @OnRequest(products.requests.page)
  page(args: ProductPageArgs): Promise<Page<ProductDto>> {
    return listProducts(this.em, args);
  }

  @OnRequest(products.requests.count)
  count(filter: ProductFilter): Promise<number> {
    return countProducts(this.em, filter);
  }

  @OnRequest(products.requests.update)
  async update({ caller, id, changes }: ProductChanges): Promise<ChangedProduct> {
    return this.em.transactional(async () => {
      const product = await this.ownProduct(caller, id);
      const changed = product.change(changes, this.config.MAX_PRICE);
      if (changed) this.outbox.add(products.events.updated, { productId: id, version: product.version });
      return { ...productOf(product), changed };
    });
  }

  @OnRequest(products.requests.adjustStock)
  async adjustStock(adjustment: StockAdjustment): Promise<ChangedProduct> {
    const { caller, productId, delta } = adjustment;
    const outcome = await this.em.transactional(async () => {
      const product = await this.ownProduct(caller, productId);
      const { isRepeated, refusal } = await once(this.em, adjustment, () => product.adjustStock(delta));
      const changed = !isRepeated && !refusal;
      const { version, stock } = product;
      if (changed) this.outbox.add(products.events.stockChanged, { products: [{ productId, version, stock }] });
      return { refusal, product: { ...productOf(product), changed } };
    });
    if (outcome.refusal) throw outcome.refusal;
    return outcome.product;
  }

  @OnRequest(products.requests.delete)
  async delete({ caller, id }: ProductDeletion): Promise<ProductDto> {
    return this.em.transactional(async () => {
      const product = await this.ownProduct(caller, id);
      product.delete();
      this.outbox.add(products.events.deleted, { productId: id, version: product.version });
      return productOf(product);
    });
  }

  @OnRequest(products.requests.quote)
  async quote({ ids }: ProductIds): Promise<ProductQuote[]> {
    const rows = await this.em.execute<(Omit<ProductQuote, 'price'> & { priceCents: string })[]>(
      `select id, unit_price_cents as "priceCents", stock, name, seller_id as "sellerId"
       from products where id = any(?::uuid[]) and deleted_at is null`,
      [`{${ids.join(',')}}`],
    );
    return rows.map(({ priceCents, ...quote }) => ({ ...quote, price: fromCents(Number(priceCents)) }));
  }

  @OnRequest(products.requests.summaries)
  summaries({ ids }: ProductIds): Promise<ProductSummary[]> {
    return this.em.execute('select id, name, seller_id as "sellerId" from products where id = any(?::uuid[])', [
      `{${ids.join(',')}}`,
    ]);
  }

  /** Locks the row until the transaction ends, so that no concurrent reservation is overwritten. */
  private async ownProduct(caller: Caller, id: string): Promise<Product> {
    const product = await this.em.findOne(Product, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!product) throw productNotFound(id);
    if (!mayActFor(caller, product.sellerId))
      throw new AppError('FORBIDDEN', 'Only the seller and admins may change a product');
    return product;
  }
}
