import { products } from '@app/contracts';
import { MissedEvents, OnEvent } from '@app/messaging';
import { Controller } from '@nestjs/common';
import { ProductCache } from './product.cache.js';

/** Invalidates the cache after changes by others: orders reserve stock, and other gateways write products. */
@Controller()
export class ProductEventsController {
  constructor(
    private readonly cache: ProductCache,
    missedEvents: MissedEvents,
  ) {
    missedEvents.onMissed(() => void cache.changedElsewhere());
  }

  @OnEvent(products.events.created, products.events.updated, products.events.deleted, products.events.stockChanged)
  changed() {
    return this.cache.changedElsewhere();
  }
}
