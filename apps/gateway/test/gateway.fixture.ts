import { randomUUID } from 'node:crypto';
import { type OrderDto, OrderStatus, type ProductDto, Role, type UserDto } from '@app/contracts';

const now = '2026-11-22T12:00:00.000Z';

/** A user, a product and an order as services return them, each with a new id. */
export const user = (over: Partial<UserDto> = {}): UserDto => ({
  id: randomUUID(),
  name: 'Jane',
  email: 'jane@example.com',
  role: Role.CUSTOMER,
  profile: { bio: 'b', shippingAddress: 's', pincode: 'p', city: 'c', country: 'o', phoneNumber: 'n' },
  createdAt: now,
  version: 1,
  ...over,
});

export const product = (over: Partial<ProductDto> = {}): ProductDto => ({
  id: randomUUID(),
  name: 'Lamp',
  price: 19.99,
  stock: 5,
  description: '',
  sellerId: randomUUID(),
  createdAt: now,
  updatedAt: now,
  ...over,
});

export const order = (over: Partial<OrderDto> = {}): OrderDto => ({
  id: randomUUID(),
  userId: randomUUID(),
  items: [],
  total: 0,
  status: OrderStatus.PENDING,
  cancelReason: null,
  shippingAddress: '',
  pincode: '',
  city: '',
  country: '',
  phoneNumber: '',
  createdAt: now,
  updatedAt: now,
  version: 1,
  ...over,
});
