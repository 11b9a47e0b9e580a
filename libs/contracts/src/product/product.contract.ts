import { contract, event, request, type ClientOf } from '../contract.js';
import { Nothing } from '../nothing.js';
import type { Page } from '../page.js';
import {
  type ChangedProduct,
  ProductChanges,
  ProductDeletion,
  ProductDto,
  ProductFilter,
  ProductPageArgs,
  ProductIds,
  ProductQuote,
  ProductSummary,
  NewProduct,
  ProductEvent,
  StockAdjustment,
  StockChanged,
  StockRejected,
  StockReserved,
} from './product.dto.js';

export const products = contract('product', {
  requests: {
    create: request(NewProduct).answers<ProductDto>(),
    /** The products with these ids that are not deleted, in no particular order. */
    getMany: request(ProductIds).answersRows<ProductDto>('getMany'),
    /** Newest first, at most MAX_LIST + 1: the last one shows that there are more. */
    list: request(Nothing).answersRows<ProductDto>('getMany'),
    page: request(ProductPageArgs).answers<Page<ProductDto>>(),
    count: request(ProductFilter).answers<number>(),
    update: request(ProductChanges).answers<ChangedProduct>(),
    /** Adds units to the stock, or removes them. */
    adjustStock: request(StockAdjustment).answers<ChangedProduct>(),
    delete: request(ProductDeletion).answers<ProductDto>(),
    /** The price and stock of products for an order, without deleted products. */
    quote: request(ProductIds).answers<ProductQuote[]>(),
    /** The names and sellers of products, also of deleted ones. */
    summaries: request(ProductIds).answers<ProductSummary[]>(),
  },
  events: {
    created: event(ProductEvent),
    updated: event(ProductEvent),
    deleted: event(ProductEvent),
    stockChanged: event(StockChanged),
    stockReserved: event(StockReserved, 'order'),
    stockRejected: event(StockRejected, 'order'),
  },
});

export type ProductClient = ClientOf<typeof products>;
