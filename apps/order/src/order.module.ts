import { products, users } from '@app/contracts';
import { RequestClients } from '@app/messaging';
import type { ServiceDefinition } from '@app/platform';
import { Module } from '@nestjs/common';
import { database } from './mikro-orm.config.js';
import { Customers } from './order/customers.js';
import { ItemBackfill } from './order/item-backfill.js';
import { OrderController } from './order/order.controller.js';
import { ProductEventsController } from './order/product-events.controller.js';
import { UserEventsController } from './order/user-events.controller.js';

@Module({
  imports: [RequestClients.to(users, products)],
  controllers: [OrderController, ProductEventsController, UserEventsController],
  providers: [Customers, ItemBackfill],
})
export class OrderModule {}

export const orderService: ServiceDefinition = { name: 'order', module: OrderModule, database };
