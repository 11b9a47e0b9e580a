import { schemaDrift } from '@app/testing';
import { expect, test } from '@jest/globals';
import { orderService } from '../order.module.js';

test('the migrations make the tables that the entities say', async () => {
  expect(await schemaDrift(orderService)).toBe('');
});
