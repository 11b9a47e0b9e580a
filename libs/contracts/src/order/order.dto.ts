import { Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { ArrayUnique, IsInt, IsOptional } from 'class-validator';
import { Caller } from '../caller.js';
import { DateTime } from '../date-time.js';
import { IsId, IsListOf, IsNested, IsQuantity } from '../validation.js';
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
  @Field(() => [OrderItemDto]) items: OrderItemDto[];
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
  @Field() shippingAddress: string;
  @Field() pincode: string;
  @Field() city: string;
  @Field() country: string;
  @Field() phoneNumber: string;
  @Field(() => DateTime) createdAt: string;
  @Field(() => DateTime) updatedAt: string;
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
  userId?: string;

  @Field(() => [OrderItemInput])
  @IsListOf(() => OrderItemInput, 1, MAX_LINES)
  @ArrayUnique((item: OrderItemInput | undefined) => item?.productId, {
    message: '$property must name each product once',
  })
  items: OrderItemInput[];
}

export class NewOrder {
  @IsNested(() => Caller) caller: Caller;
  @IsNested(() => OrderInput) order: OrderInput;
}

export class OrderKey {
  @IsNested(() => Caller) caller: Caller;
  @IsId() id: string;
}

export class OrdersOf {
  @IsNested(() => Caller) caller: Caller;
}

export class OrderLine {
  @IsId() productId: string;
  @IsQuantity() quantity: number;
}

export class OrderPlaced {
  @IsId() orderId: string;
  @IsListOf(() => OrderLine, 1, MAX_LINES) lines: OrderLine[];
}

/** `order.processing` and `order.cancelled`. */
export class OrderEvent {
  @IsId() orderId: string;
  @IsId() userId: string;
  @IsInt() version: number;
}
