import { registerEnumType } from '@nestjs/graphql';

export enum OrderStatus {
  PENDING = 'PENDING',
  PROCESSING = 'PROCESSING',
  SHIPPED = 'SHIPPED',
  DELIVERED = 'DELIVERED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(OrderStatus, { name: 'OrderStatus', description: 'A status as `Order.status` spells it.' });

export enum CancelReason {
  OUT_OF_STOCK = 'OUT_OF_STOCK',
  PRODUCT_UNAVAILABLE = 'PRODUCT_UNAVAILABLE',
  BY_CUSTOMER = 'BY_CUSTOMER',
  BY_ADMIN = 'BY_ADMIN',
}
