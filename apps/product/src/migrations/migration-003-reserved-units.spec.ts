import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ProductServiceUnderTest } from '../../test/product-service-under-test.js';
import { productService } from '../product.module.js';

let underTest: ProductServiceUnderTest;
beforeAll(async () => {
  underTest = await ProductServiceUnderTest.start();
});
afterAll(() => underTest.close());

test('counts the reservations that exist', async () => {
  const { service } = underTest;
  const { id } = await underTest.create({ stock: 10 });
  const [orderId] = [await underTest.reserve([id, 3]), await underTest.reserve([id, 2])];
  await underTest.cancel(orderId);
  await service.settled();
  await service.database.query(`
    alter table products drop column reserved;
    alter table reservations drop constraint reservations_status_check;
    alter table reservations add constraint reservations_status_check check (status in ('RESERVED', 'REJECTED', 'RELEASED')) not valid;
    delete from mikro_orm_migrations where name = '003-reserved-units'`);
  await service.startInstance(productService);
  expect(await underTest.unitsOf(id)).toEqual({ stock: 8, reserved: 2 });
});
