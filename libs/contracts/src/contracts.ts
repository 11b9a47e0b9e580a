import type { Contract } from './contract.js';
import { orders } from './order/order.contract.js';
import { products } from './product/product.contract.js';
import type { ServiceName } from './services.js';
import { users } from './user/user.contract.js';

/** The contract of each service. */
export const contracts = { user: users, product: products, order: orders } satisfies Record<ServiceName, Contract>;
