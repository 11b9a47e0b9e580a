import { registerEnumType } from '@nestjs/graphql';

export enum OrderStatus {
  PENDING = 'PENDING',
  PROCESSING = 'PROCESSING',
  SHIPPED = 'SHIPPED',
  DELIVERED = 'DELIVERED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(OrderStatus, { name: 'OrderStatus', description: 'The statuses of an order, as in `Order.status`.' });

export enum CancelReason {
  OUT_OF_STOCK = 'OUT_OF_STOCK',
  PRODUCT_UNAVAILABLE = 'PRODUCT_UNAVAILABLE',
  BY_CUSTOMER = 'BY_CUSTOMER',
  BY_ADMIN = 'BY_ADMIN',
}
