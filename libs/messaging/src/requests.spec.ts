import { AppError, orders, products, type ClientOf, type OrderDto } from '@app/contracts';
import { eventually } from '@app/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InjectClient, OnRequest, RequestClients } from './index.js';
import { currentTraceparent, runWithTrace } from '@app/telemetry';
import { transports, World } from '../test/messaging.fixture.js';
import { REQUESTS_AT_ONCE } from './request-dispatch.js';

const id = randomUUID();
const quote = { id, price: 9.99, stock: 3 };

describe.each(transports)('requests, %s', (kind) => {
  let world: World;
  beforeEach(async () => {
    world = await World.open(kind);
  });
  afterEach(() => world.close());

  it('are answered through a client typed by the contract', async () => {
    @Controller()
    class Products {
      @OnRequest(products.requests.quote)
      async quote({ ids }: { ids: string[] }) {
        return ids.map((id) => ({ ...quote, id }));
      }

      @OnRequest(products.requests.list)
      async list() {
        return [];
      }
    }
    @Injectable()
    class Shop {
      constructor(
        @InjectClient(products) readonly catalogue: ClientOf<typeof products>,
        @InjectClient(orders) readonly book: ClientOf<typeof orders>,
      ) {}
    }
    @Controller()
    class Orders {
      @OnRequest(orders.requests.get)
      async get(): Promise<OrderDto | null> {
        return null;
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    await world.start({ service: 'order', controllers: [Orders] });
    const app = await world.start({
      imports: [{ module: class ShopModule {}, imports: [RequestClients.to(products, orders)], providers: [Shop] }],
    });
    const shop = app.get(Shop);
    await expect(shop.catalogue.quote({ ids: [id] })).resolves.toEqual([quote]);
    await expect(shop.catalogue.list({})).resolves.toEqual([]);
    await expect(shop.book.get({ caller: { userId: id, role: 'ADMIN' as never }, id })).resolves.toBeNull();
  });

  it('that fail reject with the code and details of the service, without internal errors', async () => {
    const failures: Record<string, unknown> = {
      typed: new AppError('PRODUCT_NOT_FOUND', 'Product not found', { productIds: [id] }),
      fault: new Error('select * from secrets'),
    };
    @Controller()
    class Products {
      @OnRequest(products.requests.quote)
      async quote({ ids }: { ids: string[] }): Promise<never> {
        throw ids.length ? failures.typed : failures.fault;
      }

      @OnRequest(products.requests.list)
      async list() {
        return [{ price: 10n }] as never;
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    await expect(ask('product.quote', { ids: [id] })).rejects.toMatchObject({
      name: 'AppError',
      code: 'PRODUCT_NOT_FOUND',
      message: 'Product not found',
      details: { productIds: [id] },
    });
    const fault = await ask('product.quote', { ids: [] }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ name: 'AppError', code: 'INTERNAL_SERVER_ERROR' });
    expect(JSON.stringify(fault)).not.toContain('secrets');
    // A reply that is not JSON.
    await expect(ask('product.list', {})).rejects.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
    await expect(ask('product.unheardOf', {})).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });

  it('with invalid input never reach the handler', async () => {
    let calls = 0;
    @Controller()
    class Products {
      @OnRequest(products.requests.quote)
      async quote() {
        calls++;
        return [];
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    await expect(ask('product.quote', { ids: ['one'], more: 1 })).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      details: { fields: { ids: ['each of ids must be an id'], more: [expect.any(String)] } },
    });
    expect(calls).toBe(0);
  });

  it('to an unavailable service fail at once, before its first start and after its end', async () => {
    @Controller()
    class Products {
      @OnRequest(products.requests.list)
      async list() {
        return [];
      }
    }
    const ask = await world.caller(30_000);
    const answerOf = async () => {
      const start = Date.now();
      const answer = await ask('product.list', {}).catch((error: AppError) => error.code);
      return { answer, fast: Date.now() - start < 5_000 };
    };
    await expect(answerOf()).resolves.toEqual({ answer: 'SERVICE_UNAVAILABLE', fast: true });
    const service = await world.start({ service: 'product', controllers: [Products] });
    await expect(answerOf()).resolves.toEqual({ answer: [], fast: true });
    await service.close();
    await expect(answerOf()).resolves.toEqual({ answer: 'SERVICE_UNAVAILABLE', fast: true });
  });

  it('fail at their timeout and never run after it', async () => {
    let begun = 0;
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    @Controller()
    class Products {
      @OnRequest(products.requests.list)
      async list() {
        begun++;
        await released;
        return [];
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller(3_000);
    // As many as run concurrently, and some that wait.
    const codes = await Promise.all(
      Array.from({ length: REQUESTS_AT_ONCE + 6 }, () =>
        ask('product.list', {}).catch((error: AppError) => error.code),
      ),
    );
    expect(new Set(codes)).toEqual(new Set(['SERVICE_TIMEOUT']));
    expect(begun).toBe(REQUESTS_AT_ONCE);
    release();
    // It runs after the others.
    await expect(ask('product.list', {})).resolves.toEqual([]);
    expect(begun).toBe(REQUESTS_AT_ONCE + 1);
  });

  it('in progress are answered while their service shuts down', async () => {
    let begun = false;
    @Controller()
    class Products {
      @OnRequest(products.requests.list)
      async list() {
        begun = true;
        await sleep(500);
        return [];
      }
    }
    const service = await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    const answer = ask('product.list', {});
    await eventually(() => expect(begun).toBe(true));
    await service.close();
    await expect(answer).resolves.toEqual([]);
  });

  it('carry their trace', async () => {
    @Controller()
    class Products {
      @OnRequest(products.requests.list)
      async list() {
        return [currentTraceparent()] as never;
      }
    }
    await world.start({ service: 'product', controllers: [Products] });
    const ask = await world.caller();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await expect(runWithTrace(traceparent, () => ask('product.list', {}))).resolves.toEqual([traceparent]);
    // Without a valid trace a new one begins, which is not recorded.
    const fresh = [expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)];
    await expect(ask('product.list', {})).resolves.toEqual(fresh);
    await expect(runWithTrace('00-nonsense', () => ask('product.list', {}))).resolves.toEqual(fresh);
  });

  it('run outside of their caller’s transaction', async () => {
    @Controller()
    class Products {
      constructor(private readonly em: EntityManager) {}

      @OnRequest(products.requests.quote)
      async quote({ ids }: { ids: string[] }) {
        await this.em.execute('insert into effects (what) values (?)', [ids[0]]);
        return [];
      }
    }
    @Controller()
    class Orders {
      constructor(
        private readonly em: EntityManager,
        @InjectClient(products) private readonly catalogue: ClientOf<typeof products>,
      ) {}

      @OnRequest(orders.requests.list)
      async list(): Promise<never> {
        return this.em.transactional(async () => {
          await this.catalogue.quote({ ids: [id] });
          throw new AppError('FORBIDDEN', 'no');
        });
      }
    }
    const databaseUrl = world.database.url;
    await world.start({ service: 'product', controllers: [Products], databaseUrl });
    await world.start({ service: 'order', controllers: [Orders], databaseUrl, imports: [RequestClients.to(products)] });
    const ask = await world.caller();
    await expect(ask('order.list', { caller: { userId: id, role: 'ADMIN' } })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
    expect(await world.effects()).toEqual([id]);
  });
});
