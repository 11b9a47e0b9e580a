import { AppError, products, type ProductDto, type ProductQuote } from '@app/contracts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, OnRequest, Outbox, outboxValues } from './index.js';
import { MAX_MESSAGE_BYTES } from './message-size.js';
import { transports, World } from '../test/messaging.fixture.js';

const tooLarge = {
  code: 'OPERATION_TOO_COMPLEX',
  details: { limit: MAX_MESSAGE_BYTES, actual: expect.any(Number) },
};
/** Larger than 16 MiB, the maximum of RabbitMQ 4. */
const HUGE = 'x'.repeat(17 * 1024 * 1024);
const PRODUCT = { price: 1, stock: 1, sellerId: randomUUID(), createdAt: '', updatedAt: '' };

describe.each(transports)('the size of a message, %s', (kind) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(kind);
  });
  afterEach(() => world.close());

  it('fails only the request whose reply is too large', async () => {
    @Controller()
    class Products {
      @OnRequest(products.requests.quote)
      async quote({ ids }: { ids: string[] }) {
        await sleep(500);
        return ids.map((id) => ({ id, price: 1, stock: 1 }));
      }

      @OnRequest(products.requests.update)
      async update() {
        return { name: HUGE } as ProductDto;
      }

      @OnRequest(products.requests.count)
      async count(): Promise<number> {
        throw new AppError('BAD_USER_INPUT', 'no', { fields: { search: [HUGE] } });
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    const ids = Array.from({ length: 20 }, () => randomUUID());
    const neighbours = Promise.all(ids.map((id) => ask('product.quote', { ids: [id] }) as Promise<ProductQuote[]>));
    const update = { caller: { userId: randomUUID(), role: 'ADMIN' }, id: randomUUID(), changes: {} };
    await expect(ask('product.update', update)).rejects.toMatchObject({
      ...tooLarge,
      message: expect.stringContaining('reply to product.update'),
    });
    await expect(ask('product.count', {})).rejects.toMatchObject({ code: 'BAD_USER_INPUT', message: 'no' });
    expect((await neighbours).map(([quote]) => quote!.id)).toEqual(ids);
  });

  it('fails a request that is too large in its caller', async () => {
    let calls = 0;
    @Controller()
    class Products {
      @OnRequest(products.requests.count)
      async count() {
        calls++;
        return 1;
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    const small = ask('product.count', {});
    await expect(ask('product.count', { search: HUGE })).rejects.toMatchObject({
      ...tooLarge,
      message: expect.stringContaining('request product.count'),
    });
    await expect(small).resolves.toBe(1);
    expect(calls).toBe(1);
  });

  it('fails the transaction that adds an event that is too large', async () => {
    @Controller()
    class Products {
      constructor(
        private readonly em: EntityManager,
        private readonly outbox: Outbox,
      ) {}

      @OnRequest(products.requests.count)
      async count() {
        return this.em.transactional(async (em) => {
          await em.execute(`insert into effects (what) values ('undone')`);
          this.outbox.add(products.events.stockReserved, { orderId: HUGE });
          return 1;
        });
      }
    }
    const databaseUrl = world.database.url;
    await world.start({ service: 'product', controllers: [Products], databaseUrl });
    const ask = await world.caller();
    await expect(ask('product.count', {})).rejects.toMatchObject({
      ...tooLarge,
      message: expect.stringContaining('event product.stockReserved'),
    });
    expect(await world.effects()).toEqual([]);
    expect(() => outboxValues(products.events.stockReserved, { orderId: HUGE })).toThrow(/event product.stockReserved/);
  });

  it('splits a larger list into several requests and keeps its order', async () => {
    const all = Array.from({ length: 300 }, (_, i) => ({
      ...PRODUCT,
      id: randomUUID(),
      name: `Lamp ${i}`,
      description: '\u0001'.repeat(10_000),
    }));
    const asked: number[] = [];
    @Controller()
    class Products {
      @OnRequest(products.requests.list)
      async list() {
        asked.push(all.length);
        return all;
      }

      /** Returns them in a different order. */
      @OnRequest(products.requests.getMany)
      async getMany({ ids }: { ids: string[] }) {
        asked.push(ids.length);
        return all.filter(({ id }) => ids.includes(id)).toReversed();
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const proxy = world.transport.requestClient('gateway', 20_000);
    world.later(async () => proxy.close());
    const client = clientOf(products, proxy);
    const namesOf = (rows: { name: string }[]) => rows.map(({ name }) => name);
    expect(namesOf(await client.list({}))).toEqual(namesOf(all));
    // Each reply has 69 rows of 60 KB.
    expect(asked).toHaveLength(5);
    // No row is read more than about twice.
    expect(asked.reduce((sum, rows) => sum + rows, 0)).toBeLessThan(3 * all.length);
    expect(await client.getMany({ ids: all.map(({ id }) => id) })).toHaveLength(all.length);
    all.splice(60);
    asked.length = 0;
    await client.list({});
    expect(asked).toEqual([60]);
  });
});
