import type { Contract } from './contract.js';
import { orders } from './order/order.contract.js';
import { products } from './product/product.contract.js';
import type { ServiceName } from './services.js';
import { users } from './user/user.contract.js';

export * from './caller.js';
export * from './contract.js';
export * from './date-time.js';
export * from './errors.js';
export * from './money.js';
export * from './node.js';
export * from './nothing.js';
export * from './page.js';
export * from './services.js';
export { canonicalEmail, normalizedPassword } from './text.js';
export * from './validation.js';
export * from './user/session.dto.js';
export * from './user/user.contract.js';
export * from './user/user.dto.js';
export * from './product/product.contract.js';
export * from './product/product.dto.js';
export * from './product/product-messages.js';
export * from './order/order-status.js';
export * from './order/order.contract.js';
export * from './order/order.dto.js';

/** The contract of each service. */
export const contracts = { user: users, product: products, order: orders } satisfies Record<ServiceName, Contract>;
