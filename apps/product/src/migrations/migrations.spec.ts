import { schemaDrift } from '@app/testing';
import { expect, test } from '@jest/globals';
import { productService } from '../product.module.js';

test('the migrations create the schema that the entities declare', async () => {
  expect(await schemaDrift(productService)).toBe('');
});
