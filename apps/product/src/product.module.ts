import type { ServiceDefinition } from '@app/platform';
import { Module } from '@nestjs/common';
import { database } from './mikro-orm.config.js';
import { OrderEventsController } from './product/order-events.controller.js';
import { ProductController } from './product/product.controller.js';

@Module({ controllers: [ProductController, OrderEventsController] })
export class ProductModule {}

export const productService: ServiceDefinition = { name: 'product', module: ProductModule, database };
