import { fromCents, type OrderDto } from '@app/contracts';
import type { Order, OrderItem } from './order.entity.js';

type OrderData = Pick<
  Order,
  'id' | 'userId' | 'status' | 'cancelReason' | 'totalCents' | 'shipping' | 'createdAt' | 'updatedAt' | 'version'
> & { items: Iterable<Pick<OrderItem, 'id' | 'productId' | 'quantity' | 'priceCents' | 'productName' | 'sellerId'>> };

/** An order as callers see it. */
export function orderDto(order: OrderData): OrderDto {
  const { id, userId, status, cancelReason, totalCents, createdAt, updatedAt, version } = order;
  const { shippingAddress, pincode, city, country, phoneNumber } = order.shipping;
  return {
    id,
    userId,
    items: Array.from(order.items, ({ id, productId, quantity, priceCents, productName, sellerId }) => ({
      id,
      productId,
      quantity,
      price: fromCents(priceCents),
      productName,
      sellerId,
    })),
    total: fromCents(totalCents),
    status,
    cancelReason,
    shippingAddress,
    pincode,
    city,
    country,
    phoneNumber,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    version,
  };
}
