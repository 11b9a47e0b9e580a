import {
  AppError,
  LoginInput,
  MAX_STOCK,
  NewOrder,
  Nothing,
  ProductInput,
  ProductUpdateInput,
  ProfileInput,
  RegisterInput,
  StockChanged,
  UserProfileUpdated,
} from '@app/contracts';
import { describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { validated } from './validation.js';

const caller = { userId: randomUUID(), role: 'CUSTOMER' };
const product = { name: 'Tea', price: 19.99, description: '', stock: 0 };
const user = { name: 'Ann', email: 'ann@example.com', password: '12345678' };
const address = {
  shippingAddress: '',
  pincode: '',
  city: '',
  country: '',
  phoneNumber: '',
  userId: randomUUID(),
  version: 1,
};
const line = { productId: randomUUID(), quantity: 1 };

/** The invalid fields, or the validated payload. */
function check(type: new () => object, data: unknown): unknown {
  try {
    return validated(type, data);
  } catch (error) {
    return Object.keys(((error as AppError).details?.fields as object) ?? {});
  }
}

describe('a valid payload passes', () => {
  test.each([
    [ProductInput, product],
    [ProductInput, { ...product, price: 0.29, name: '☕ \ud83d\ude00' }],
    [ProductInput, { ...product, price: 9_999_999.99 }],
    [ProductInput, { ...product, description: 'two\n\tlines' }],
    [ProductInput, { ...product, description: '😀'.repeat(4_000) }],
    [ProductUpdateInput, { stock: 1 }],
    [LoginInput, { email: user.email, password: 'old\u0001password' }],
    [UserProfileUpdated, { ...address, city: 'a\u0001city' }],
    [ProductInput, { ...product, price: 0 }],
    [RegisterInput, user],
    [NewOrder, { caller, order: { items: [line, { ...line, productId: randomUUID() }] } }],
    [StockChanged, { products: [{ productId: randomUUID(), version: 2, stock: MAX_STOCK + 1 }] }],
    [Nothing, {}],
    [Nothing, null],
  ])('%p %j', (type, data) => {
    expect(check(type, data)).toBeInstanceOf(type);
  });

  test('with lowercase ids and a lowercase e-mail', () => {
    const id = randomUUID().toUpperCase();
    const { order } = validated(NewOrder, { caller, order: { items: [{ productId: id, quantity: 1 }] } });
    expect(order.items[0]!.productId).toBe(id.toLowerCase());
    expect(validated(RegisterInput, { ...user, email: ' Ann@Example.com ' }).email).toBe('ann@example.com');
  });
});

describe('an invalid payload is rejected with the names of its invalid fields', () => {
  const order = (...items: unknown[]) => ({ caller, order: { items } });
  test.each([
    [ProductInput, { ...product, price: -1 }, ['price']],
    [ProductInput, { ...product, price: Infinity }, ['price']],
    [ProductInput, { ...product, price: 29.999 }, ['price']],
    [ProductInput, { ...product, price: '1' }, ['price']],
    [ProductInput, { ...product, price: 1e-7 }, ['price']],
    [ProductInput, { ...product, name: 'half a character: \ud83d' }, ['name']],
    [ProductInput, { ...product, name: 'a bell: \u0007' }, ['name']],
    [ProductInput, { ...product, description: 'next line: \u0085' }, ['description']],
    [ProductInput, { ...product, description: 'two\r\nlines' }, ['description']],
    [ProductInput, { ...product, description: 'x'.repeat(4_001) }, ['description']],
    [ProductInput, { ...product, name: '\u2764\ufe0f'.repeat(101) }, ['name']],
    [ProductUpdateInput, { description: '\u0001' }, ['description']],
    [ProfileInput, { city: '\u001b[2J' }, ['city']],
    [RegisterInput, { ...user, password: 'new\u0001password' }, ['password']],
    [ProductInput, { ...product, stock: 1.5 }, ['stock']],
    [ProductInput, { ...product, stock: -1 }, ['stock']],
    [ProductInput, { ...product, name: 'a\u0000b', colour: 'red' }, ['colour', 'name']],
    [ProductInput, { name: 'Tea' }, ['price', 'description', 'stock']],
    [RegisterInput, { ...user, email: 'ann@' }, ['email']],
    [RegisterInput, { ...user, password: '1234567' }, ['password']],
    [RegisterInput, { ...user, password: 'x'.repeat(200) }, ['password']],
    [NewOrder, order(), ['order.items']],
    [NewOrder, order(line, line), ['order.items']],
    [NewOrder, order(line, { ...line, productId: line.productId.toUpperCase() }), ['order.items']],
    [NewOrder, order({ ...line, quantity: 0 }), ['order.items.0.quantity']],
    [NewOrder, order({ ...line, quantity: -5 }), ['order.items.0.quantity']],
    [NewOrder, order({ ...line, quantity: 2 ** 31 }), ['order.items.0.quantity']],
    [NewOrder, order({ ...line, productId: 'x'.repeat(256) }), ['order.items.0.productId']],
    [NewOrder, { order: { items: [line] } }, ['caller']],
    [Nothing, { anything: 1 }, ['anything']],
  ])('%p %j', (type, data, fields) => {
    expect(check(type, data)).toEqual(fields);
  });

  test.each(['text', 5, [[]]])('also if it is not an object: %j', (data) => {
    expect(() => validated(ProductInput, data)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT' }));
  });
});
