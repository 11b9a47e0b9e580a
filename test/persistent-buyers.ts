import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../libs/testing/src/eventually.js';
import { NoAnswer, Refused, type Customer, type Order } from './client.js';

const NOT_KNOWN = ['SERVICE_UNAVAILABLE', 'SERVICE_TIMEOUT'];

/**
 * Customers who give each order a key of its own and send it until it is answered, whatever happens to the system meanwhile:
 * one unit of a product, again and again.
 */
export class PersistentBuyers {
  /** The answers they got: one for each key. */
  readonly placed: Order[] = [];
  /** How many calls were not answered, so that nobody knew whether they had placed an order. */
  unanswered = 0;
  private stopping = false;
  private readonly buying: Promise<void[]>;

  /** @param urls the gateways they go to, another one with each call. */
  constructor(
    customers: Customer[],
    private readonly urls: string[],
    private readonly productId: string,
  ) {
    this.buying = Promise.all(customers.map((customer) => this.buy(customer)));
  }

  /** Resolves once that many more orders are answered. @throws when they are not after `patienceMs`. */
  async more(count: number, patienceMs = 60_000): Promise<void> {
    const enough = this.placed.length + count;
    await eventually(() => {
      if (this.placed.length < enough) throw new Error(`${this.placed.length} of ${enough} orders placed`);
    }, patienceMs);
  }

  /** Resolves once every order that was begun is answered. */
  async stop(): Promise<void> {
    this.stopping = true;
    await this.buying;
  }

  private async buy(customer: Customer): Promise<void> {
    while (!this.stopping) {
      this.placed.push(await this.placeSurely(customer, randomUUID()));
      await sleep(30);
    }
  }

  private async placeSurely(customer: Customer, key: string): Promise<Order> {
    for (let calls = 0; ; calls++) {
      try {
        const gateway = customer.at(this.urls[calls % this.urls.length]!);
        return await gateway.placeOrderOnce(key, { productId: this.productId, quantity: 1 });
      } catch (error) {
        if (!(error instanceof NoAnswer || (error instanceof Refused && NOT_KNOWN.includes(error.code)))) throw error;
        this.unanswered++;
        await sleep(50);
      }
    }
  }
}
