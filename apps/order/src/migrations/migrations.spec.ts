import { schemaDrift } from '@app/testing';
import { expect, test } from '@jest/globals';
import { orderService } from '../order.module.js';

test('the migrations create the tables of the entities', async () => {
  expect(await schemaDrift(orderService)).toBe('');
});
