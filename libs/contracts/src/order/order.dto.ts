import { ArgsType, Extensions, Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { ArrayUnique, IsEnum, IsInt, IsOptional } from 'class-validator';
import { Caller } from '../caller.js';
import { textComplexity } from '../complexity.js';
import { DateTime } from '../date-time.js';
import { Node } from '../node.js';
import { ConnectionOf, PageArgs } from '../page.js';
import { MAX_ADDRESS } from '../user/user.dto.js';
import {
  IsExpectedAmount,
  IsId,
  IsIdFilter,
  IsIdList,
  IsListOf,
  IsNested,
  IsOpaqueId,
  IsQuantity,
  IsText,
} from '../validation.js';
import { CancelReason, OrderStatus } from './order-status.js';

/** The maximum number of lines in one order. */
export const MAX_LINES = 100;

@ObjectType('OrderItem', { description: 'A product in an order.' })
export class OrderItemDto {
  @Field(() => ID, { description: 'The id of the item.' }) id: string;
  @Field(() => ID, { description: 'The id of the product.' }) productId: string;
  @Field(() => Int, { description: 'The number of units.' }) quantity: number;
  @Field(() => Float, { description: 'Unit price when the order was placed.' }) price: number;
  /** Undefined in replies of release 0.2. */
  @Field(() => String, {
    nullable: true,
    description: 'The name of the product when the order was placed. Null if it is unknown.',
  })
  productName?: string | null;
  /** Undefined in replies of release 0.2. */
  @Field(() => ID, {
    nullable: true,
    description: 'The id of the seller when the order was placed. Null if it is unknown.',
  })
  sellerId?: string | null;
}

@ObjectType('Order', { description: 'Products that a customer has ordered.', implements: () => [Node] })
export class OrderDto implements Node {
  @Field(() => ID, { description: 'The id of the order.' }) id: string;
  @Field(() => ID, { description: 'The id of the customer.' }) userId: string;
  /** Most orders have few; the gateway checks the actual number before it resolves them. */
  @Field(() => [OrderItemDto], { description: 'The products in the order: 1 to 100.' })
  @Extensions({ rows: 2 })
  items: OrderItemDto[];
  @Field(() => Float, { description: 'The sum of price times quantity of all items.' }) total: number;
  @Field(() => String, {
    description: 'The name of its `orderStatus`.',
  })
  status: OrderStatus;
  @Field(() => String, {
    nullable: true,
    description: 'The name of its `orderCancelReason`. Null if the order is not cancelled.',
  })
  cancelReason: CancelReason | null;
  @Field({
    description: 'The street and the house number, or an empty string.',
    complexity: textComplexity(MAX_ADDRESS),
  })
  shippingAddress: string;
  @Field({ description: 'The postal code, or an empty string.' }) pincode: string;
  @Field({ description: 'The city, or an empty string.' }) city: string;
  @Field({ description: 'The country, or an empty string.' }) country: string;
  @Field({ description: 'The phone number for the delivery, or an empty string.' }) phoneNumber: string;
  @Field(() => DateTime, { description: 'When the order was placed.' }) createdAt: string;
  @Field(() => DateTime, { description: 'When the order was last changed.' }) updatedAt: string;
  /** Counts the changes of the order. The higher version of two copies is the newer one. */
  version: number;
}

@ObjectType({ description: 'A page of orders.' })
export class OrderConnection extends ConnectionOf(OrderDto, 'Order') {}

@InputType({ description: 'Conditions that an order must meet, all of them.' })
export class OrderFilter {
  @Field(() => OrderStatus, { description: 'The status of the orders.', nullable: true })
  @IsOptional()
  @IsEnum(OrderStatus)
  status?: OrderStatus | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The customer of the orders. Customers may only give their own id, which is the default; admins any.',
  })
  @IsOptional()
  @IsIdFilter()
  userId?: string | null;
}

@ArgsType()
export class OrderPageArgs extends PageArgs {
  @Field(() => OrderFilter, { description: 'Conditions that the orders must meet.', nullable: true })
  @IsOptional()
  @IsNested(() => OrderFilter)
  filter?: OrderFilter | null;
}

@InputType({ description: 'A product to order.' })
export class OrderItemInput {
  @Field(() => ID, { description: 'The id of the product.' }) @IsOpaqueId() productId: string;
  @Field(() => Int, { description: 'The number of units: 1 to 1,000,000.' }) @IsQuantity() quantity: number;

  @Field(() => Float, {
    nullable: true,
    description:
      'The unit price that the customer saw. If it is not the price now, the order is rejected with PRICE_CHANGED.',
  })
  @IsOptional()
  @IsExpectedAmount()
  expectedPrice?: number | null;
}

@InputType({ description: 'A new order.' })
export class OrderInput {
  @Field(() => ID, {
    nullable: true,
    description: 'The customer. Defaults to the caller; only admins may place orders for other users.',
  })
  @IsOptional()
  @IsOpaqueId()
  userId?: string | null;

  @Field(() => [OrderItemInput], { description: 'The products to order: 1 to 100, each once.' })
  @IsListOf(() => OrderItemInput, 1, MAX_LINES)
  @ArrayUnique((item: OrderItemInput | undefined) => item?.productId, {
    message: '$property must contain each product once',
  })
  items: OrderItemInput[];

  @Field(() => Float, {
    nullable: true,
    description:
      'The total that the customer saw. If it is not the total now, the order is rejected with PRICE_CHANGED. Compared in whole ' +
      'cents.',
  })
  @IsOptional()
  @IsExpectedAmount()
  expectedTotal?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Makes retries safe: a second call with the same key returns the first order and places nothing. An error that is final ' +
      'is returned again for 24 hours. To order again after such an error, use a new key.',
  })
  @IsOptional()
  @IsText(1, 255)
  idempotencyKey?: string | null;
}

export class NewOrder {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => OrderInput) order: OrderInput;
}

export class OrderKey {
  @IsNested(() => Caller) caller: Caller;
  @IsId() id: string;
}

export class OrderKeys {
  @IsNested(() => Caller) caller: Caller;
  @IsIdList(1000) ids: string[];
}

export class OrdersOf {
  @IsNested(() => Caller) caller: Caller;
}

export class OrderPage {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => OrderPageArgs) page: OrderPageArgs;
}

export class OrderCount {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => OrderFilter) filter: OrderFilter;
}

export class OrderStatusChange {
  @IsNested(() => Caller) caller: Caller;
  @IsId() id: string;
  @IsEnum(OrderStatus) status: OrderStatus;
}

export class OrderLine {
  @IsId() productId: string;
  @IsQuantity() quantity: number;
}

/** The data of the events of one order. `order.placed` has the lines as well. */
export class OrderEvent {
  @IsId() orderId: string;
  @IsId() userId: string;
  @IsInt() version: number;
}

export class OrderPlaced extends OrderEvent {
  @IsListOf(() => OrderLine, 1, MAX_LINES) lines: OrderLine[];
}

/** The maximum number of orders in one `order.readdressed`. */
export const MAX_READDRESSED = 1000;

export class OrderVersion {
  @IsId() orderId: string;
  @IsInt() version: number;
}

/** `order.readdressed`: open orders of one customer that have a new address. More than MAX_READDRESSED orders take several events. */
export class OrdersReaddressed {
  @IsId() userId: string;
  @IsListOf(() => OrderVersion, 1, MAX_READDRESSED) orders: OrderVersion[];
}
