import { ArgsType, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsBoolean, IsEnum, IsInt, IsOptional } from 'class-validator';
import { Caller } from '../caller.js';
import { textComplexity } from '../complexity.js';
import { DateTime } from '../date-time.js';
import { Node } from '../node.js';
import { CancelReason } from '../order/order-status.js';
import { ConnectionOf, MAX_CURSOR, PageArgs } from '../page.js';
import {
  IsId,
  IsIdFilter,
  IsIdList,
  IsListOf,
  IsName,
  IsNested,
  IsPrice,
  IsPriceBound,
  IsReadableText,
  IsStock,
  IsStockDelta,
  IsText,
} from '../validation.js';

/** The maximum length of a new description, in characters. Products of earlier releases may have longer ones. */
export const MAX_DESCRIPTION = 4_000;

@ObjectType('Product', { description: 'Goods that a seller offers.', implements: () => [Node] })
export class ProductDto implements Node {
  @Field(() => ID, { description: 'The id of the product.' }) id: string;
  @Field({ description: 'The name.' }) name: string;
  @Field(() => Float, { description: 'The unit price, with at most two decimals.' })
  price: number;
  @Field(() => Int, { description: 'The number of units that can still be ordered.' }) stock: number;
  @Field({ description: 'A text about the product, or an empty string.', complexity: textComplexity(MAX_DESCRIPTION) })
  description: string;
  sellerId: string;
  @Field(() => DateTime, { description: 'When the product was created.' }) createdAt: string;
  @Field(() => DateTime, { description: 'When the product was last changed, its stock included.' }) updatedAt: string;
}

@ObjectType({ description: 'A page of products.' })
export class ProductConnection extends ConnectionOf(ProductDto, 'Product', MAX_CURSOR) {}

@InputType({ description: 'Conditions that a product must meet, all of them.' })
export class ProductFilter {
  @Field(() => String, {
    nullable: true,
    description:
      'Words to find in the name and the description, whatever their case and accents. Finds parts of words in Chinese, Japanese, ' +
      'Korean, Thai, Lao, Khmer and Burmese. Supports "phrases", `or` and `-without`.',
  })
  @IsOptional()
  @IsText(0, 200)
  search?: string | null;

  @Field(() => Float, { description: 'The lowest price.', nullable: true }) @IsOptional() @IsPriceBound() minPrice?:
    number | null;
  @Field(() => Float, { description: 'The highest price.', nullable: true }) @IsOptional() @IsPriceBound() maxPrice?:
    number | null;
  @Field(() => Boolean, { description: 'Whether there are units that can be ordered.', nullable: true })
  @IsOptional()
  @IsBoolean()
  inStock?: boolean | null;
  @Field(() => ID, { description: 'The id of the seller.', nullable: true }) @IsOptional() @IsIdFilter() sellerId?:
    string | null;
}

export enum ProductSort {
  NEWEST = 'NEWEST',
  PRICE_ASC = 'PRICE_ASC',
  PRICE_DESC = 'PRICE_DESC',
  NAME = 'NAME',
}
registerEnumType(ProductSort, {
  name: 'ProductSort',
  description: 'The order of a list of products.',
  valuesMap: {
    NEWEST: { description: 'The newest first.' },
    PRICE_ASC: { description: 'The cheapest first.' },
    PRICE_DESC: { description: 'The most expensive first.' },
    NAME: { description: 'By name, without regard to case.' },
  },
});

@ArgsType()
export class ProductPageArgs extends PageArgs {
  @Field(() => ProductFilter, { description: 'Conditions that the products must meet.', nullable: true })
  @IsOptional()
  @IsNested(() => ProductFilter)
  filter?: ProductFilter | null;

  @Field(() => ProductSort, {
    description: 'The order of the products.',
    nullable: true,
    defaultValue: ProductSort.NEWEST,
  })
  @Transform(({ value }: { value: unknown }) => value ?? ProductSort.NEWEST)
  @IsEnum(ProductSort)
  sort: ProductSort = ProductSort.NEWEST;
}

@InputType({ description: 'A new product.' })
export class ProductInput {
  @Field({ description: '1 to 200 characters.' }) @IsName(1, 200) name: string;
  @Field(() => Float, {
    description:
      'The unit price: at least 0, with at most two decimals. BAD_USER_INPUT names the `limit` of this shop.',
  })
  @IsPrice()
  price: number;
  @Field({ description: 'At most 4,000 characters.' }) @IsReadableText(0, MAX_DESCRIPTION) description: string;
  @Field(() => Int, { description: 'The number of units that can be ordered: 0 to 1,000,000,000.' })
  @IsStock()
  stock: number;
}

@InputType({ description: 'Fields that are omitted keep their values.' })
export class ProductUpdateInput {
  @Field({ description: '1 to 200 characters.', nullable: true }) @IsOptional() @IsName(1, 200) name?: string;
  @Field(() => Float, {
    description:
      'The unit price: at least 0, with at most two decimals. BAD_USER_INPUT names the `limit` of this shop.',
    nullable: true,
  })
  @IsOptional()
  @IsPrice()
  price?: number;
  @Field({ description: 'At most 4,000 characters.', nullable: true })
  @IsOptional()
  @IsReadableText(0, MAX_DESCRIPTION)
  description?: string;
  @Field(() => Int, {
    description:
      'The number of units that can be ordered: 0 to 1,000,000,000. `adjustStock` is safer while orders are placed.',
    nullable: true,
  })
  @IsOptional()
  @IsStock()
  stock?: number;

  @Field(() => Int, {
    nullable: true,
    description: 'The stock that the caller saw. If it is not the stock now, nothing is changed: STOCK_CHANGED.',
  })
  @IsOptional()
  @IsInt()
  expectedStock?: number | null;
}

export class NewProduct {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => ProductInput) product: ProductInput;
}

export class ProductIds {
  @IsIdList(1000) ids: string[];
}

export class ProductChanges {
  @IsNested(() => Caller) caller: Caller;
  @IsId() id: string;
  @IsNested(() => ProductUpdateInput) changes: ProductUpdateInput;
}

export class StockAdjustment {
  @IsNested(() => Caller) caller: Caller;
  @IsId() productId: string;
  /** Units to add, or to remove if it is negative. */
  @IsStockDelta() delta: number;
  @IsOptional() @IsText(1, 255) idempotencyKey?: string | null;
}

/** The product after a request that changes it. `changed` is false if it was like this before; undefined in release 0.2. */
export type ChangedProduct = ProductDto & { changed?: boolean };

export class ProductDeletion {
  @IsNested(() => Caller) caller: Caller;
  @IsId() id: string;
}

export class ProductQuote {
  id: string;
  price: number;
  stock: number;
  /** Undefined in replies of release 0.2, like `sellerId`. */
  name?: string;
  sellerId?: string;
}

/** What an order keeps of a product. */
export class ProductSummary {
  id: string;
  name: string;
  sellerId: string;
}

/** `product.created`, `.updated` and `.deleted`. Consumers request the current product from the product service. */
export class ProductEvent {
  @IsId() productId: string;
  @IsInt() version: number;
}

/** A fact, so without the limits of an input. */
export class ProductStock {
  @IsId() productId: string;
  @IsInt() version: number;
  @IsInt() stock: number;
}

/** `product.stockChanged`: every product whose stock one order reserved or released, or one product that was adjusted. */
export class StockChanged {
  @IsListOf(() => ProductStock, 1, 1000) products: ProductStock[];
}

export class StockReserved {
  @IsId() orderId: string;
}

export class StockRejected {
  @IsId() orderId: string;
  @IsEnum(CancelReason) reason: CancelReason;
}
