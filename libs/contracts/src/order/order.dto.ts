import { ArgsType, Extensions, Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { ArrayUnique, IsEnum, IsInt, IsOptional } from 'class-validator';
import { Caller } from '../caller.js';
import { textComplexity } from '../complexity.js';
import { DateTime } from '../date-time.js';
import { ConnectionOf, PageArgs } from '../page.js';
import { MAX_ADDRESS } from '../user/user.dto.js';
import { IsId, IsIdList, IsListOf, IsNested, IsQuantity, IsText } from '../validation.js';
import { CancelReason, OrderStatus } from './order-status.js';

/** The most lines that one order may have. */
export const MAX_LINES = 100;

@ObjectType('OrderItem')
export class OrderItemDto {
  @Field(() => ID) id: string;
  @Field(() => ID) productId: string;
  @Field(() => Int) quantity: number;
  @Field(() => Float, { description: 'Unit price when the order was placed.' }) price: number;
}

@ObjectType('Order')
export class OrderDto {
  @Field(() => ID) id: string;
  @Field(() => ID) userId: string;
  /** Most orders have few; the gateway checks the actual number before it resolves them. */
  @Field(() => [OrderItemDto])
  @Extensions({ rows: 2 })
  items: OrderItemDto[];
  @Field(() => Float) total: number;
  @Field(() => String, {
    description: 'PENDING, PROCESSING (stock is reserved), SHIPPED, DELIVERED or CANCELLED.',
  })
  status: OrderStatus;
  @Field(() => String, {
    nullable: true,
    description: 'Why it is CANCELLED: OUT_OF_STOCK, PRODUCT_UNAVAILABLE, BY_CUSTOMER or BY_ADMIN; null otherwise.',
  })
  cancelReason: CancelReason | null;
  @Field({ complexity: textComplexity(MAX_ADDRESS) }) shippingAddress: string;
  @Field() pincode: string;
  @Field() city: string;
  @Field() country: string;
  @Field() phoneNumber: string;
  @Field(() => DateTime) createdAt: string;
  @Field(() => DateTime) updatedAt: string;
  /** Counts the changes of the order, so that the newer of two copies is known. */
  version: number;
}

@ObjectType()
export class OrderConnection extends ConnectionOf(OrderDto, 'Order') {}

@InputType()
export class OrderFilter {
  @Field(() => OrderStatus, { nullable: true }) @IsOptional() @IsEnum(OrderStatus) status?: OrderStatus | null;

  @Field(() => ID, { nullable: true, description: 'Admins only; a customer always sees their own orders alone.' })
  @IsOptional()
  @IsId()
  userId?: string | null;
}

@ArgsType()
export class OrderPageArgs extends PageArgs {
  @Field(() => OrderFilter, { nullable: true })
  @IsOptional()
  @IsNested(() => OrderFilter)
  filter?: OrderFilter | null;
}

@InputType()
export class OrderItemInput {
  @Field(() => ID) @IsId() productId: string;
  @Field(() => Int) @IsQuantity() quantity: number;
}

@InputType()
export class OrderInput {
  @Field(() => ID, { nullable: true, description: "The caller where left out; another user's only for admins." })
  @IsOptional()
  @IsId()
  userId?: string | null;

  @Field(() => [OrderItemInput])
  @IsListOf(() => OrderItemInput, 1, MAX_LINES)
  @ArrayUnique((item: OrderItemInput | undefined) => item?.productId, {
    message: '$property must name each product once',
  })
  items: OrderItemInput[];

  @Field(() => String, {
    nullable: true,
    description:
      'Placing again with the same key answers with the first order, or for 24 hours with the same refusal, and places ' +
      'nothing. To order again after a refusal, use a new key.',
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

/** What the events of one order say; only `order.placed` says more. */
export class OrderEvent {
  @IsId() orderId: string;
  @IsId() userId: string;
  @IsInt() version: number;
}

export class OrderPlaced extends OrderEvent {
  @IsListOf(() => OrderLine, 1, MAX_LINES) lines: OrderLine[];
}

/** The most orders that one `order.readdressed` names. */
export const MAX_READDRESSED = 1000;

export class OrderVersion {
  @IsId() orderId: string;
  @IsInt() version: number;
}

/** `order.readdressed`: the open orders of one customer, which have a new address. More than MAX_READDRESSED take several events. */
export class OrdersReaddressed {
  @IsId() userId: string;
  @IsListOf(() => OrderVersion, 1, MAX_READDRESSED) orders: OrderVersion[];
}
