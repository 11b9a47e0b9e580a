import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Client, newCustomer, type Customer, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let seller: Customer;
beforeAll(async () => {
  stack = await startStack();
  seller = await newCustomer(stack.url);
});
afterAll(() => stack?.stop());

const LOGIN = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }';
const SEARCH = `query ($filter: ProductFilter!) {
  productConnection(filter: $filter) { edges { node { name } } totalCount }
}`;

test('a user who registered one form of an e-mail and a password logs in with other forms', async () => {
  const [client, id] = [new Client(stack.url), randomUUID()];
  const email = `ja\u0308ne-${id}@BU\u0308CHER.example`;
  const user = await client.register({ name: 'Jose\u0301\u200B', email, password: 'cafe\u0301\u3000au lait' });
  expect(user).toMatchObject({ name: 'Jos\u00E9', email: `j\u00E4ne-${id}@b\u00FCcher.example` });
  const input = { email: `J\u00C4NE-${id}@xn--bcher-kva.example`, password: 'caf\u00E9 au lait' };
  const { loginUser } = await client.data<{ loginUser: { accessToken: string } }>(LOGIN, { input });
  expect(await new Client(stack.url, loginUser.accessToken).data('{ me { id } }')).toEqual({ me: { id: user.id } });
  const again = client.register({
    name: 'Ann',
    email: `j\u00E4n\u00ADe-${id}@bücher.example`,
    password: 'another one',
  });
  await expect(again).rejects.toMatchObject({ code: 'EMAIL_TAKEN' });
});

test('products are found by forms and parts of their names, also after a change', async () => {
  const mark = randomUUID();
  const found = async (search: string) => {
    const filter = { search: `${search} ${mark}` };
    const data = await new Client(stack.url).data<{
      productConnection: { edges: { node: Product }[]; totalCount: number };
    }>(SEARCH, { filter });
    return data.productConnection.edges.map(({ node }) => node.name);
  };
  const names = ['Cre\u0300me', 'Straße', 'İstanbul', 'ｃａｆé', '東京タワー', '电热水壶', 'ชาเขียวมัทฉะ'];
  const products: Product[] = [];
  for (const name of names) products.push(await seller.createProduct({ name, description: mark }));
  const searches = ['CREME', 'strasse', 'istanbul', 'CAFÉ', 'タワ', '水壶', 'เขียว'];
  for (const [i, search] of searches.entries()) expect(await found(search)).toEqual([names[i]!.normalize('NFC')]);
  const update = 'mutation ($id: ID!) { updateProduct(id: $id, input: { name: "Crêpe" }) { name } }';
  await seller.data(update, { id: products[0]!.id });
  expect(await found('crepe')).toEqual(['Crêpe']);
  expect(await found('creme')).toEqual([]);
});
