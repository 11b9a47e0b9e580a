import { registerEnumType } from '@nestjs/graphql';

export enum OrderStatus {
  PENDING = 'PENDING',
  PROCESSING = 'PROCESSING',
  SHIPPED = 'SHIPPED',
  DELIVERED = 'DELIVERED',
  CANCELLED = 'CANCELLED',
}
registerEnumType(OrderStatus, {
  name: 'OrderStatus',
  description: 'The statuses of an order.',
  valuesMap: {
    PENDING: { description: 'Placed. Its stock is not yet reserved.' },
    PROCESSING: { description: 'Its stock is reserved.' },
    SHIPPED: { description: 'Sent to the customer.' },
    DELIVERED: { description: 'Received by the customer.' },
    CANCELLED: { description: 'Cancelled; `orderCancelReason` says why.' },
  },
});

export enum CancelReason {
  OUT_OF_STOCK = 'OUT_OF_STOCK',
  PRODUCT_UNAVAILABLE = 'PRODUCT_UNAVAILABLE',
  BY_CUSTOMER = 'BY_CUSTOMER',
  BY_ADMIN = 'BY_ADMIN',
}
registerEnumType(CancelReason, {
  name: 'CancelReason',
  description: 'Why an order was cancelled.',
  valuesMap: {
    OUT_OF_STOCK: { description: 'The stock did not suffice.' },
    PRODUCT_UNAVAILABLE: { description: 'A product was deleted before its stock was reserved.' },
    BY_CUSTOMER: { description: 'The customer cancelled it.' },
    BY_ADMIN: { description: 'An admin cancelled it.' },
  },
});
