import {
  BazaarClient,
  CreateProductDocument,
  OrderDocument,
  type OrderFragment,
  OrderUpdatedDocument,
  PlaceOrderDocument,
  RegisterUserDocument,
} from '@bazaar/client';

/** Registers a user who sells a teapot and orders it. @returns the order, as soon as its stock is reserved. */
export async function buyTeapot(url: string, email: string, password: string): Promise<OrderFragment | undefined> {
  const client = new BazaarClient({ url });
  await client.request(RegisterUserDocument, { input: { name: 'Jane', email, password } });
  await client.logIn({ email, password });
  const input = { name: 'Teapot', description: 'Holds a litre', price: 24.99, stock: 1 };
  const { createProduct: teapot } = await client.request(CreateProductDocument, { input });
  const items = [{ productId: teapot.id, quantity: 1, expectedPrice: teapot.price }];
  const { placeOrder } = await client.request(PlaceOrderDocument, { input: { items } });
  const order = await reserved(client, placeOrder.id);
  await client.logOut();
  return order;
}

/** The order, as soon as it is no longer PENDING. */
async function reserved(client: BazaarClient, id: string): Promise<OrderFragment | undefined> {
  for await (const event of client.subscribe(OrderUpdatedDocument, { id })) {
    if (event.type === 'failed') throw event.error;
    // Changes before the connection, or while it was lost, are not sent.
    const order =
      event.type === 'update' ? event.data.orderUpdated : (await client.request(OrderDocument, { id })).order;
    if (order && order.status !== 'PENDING') return order;
  }
  return undefined;
}
