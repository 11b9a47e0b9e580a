import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client, newCustomer, type Customer } from './client.js';
import { startStack, type Stack } from './stack.js';

let stack: Stack;
let customer: Customer;

const PROFILE = { shippingAddress: '17 Unlikely Crescent', city: 'Nowhereville', phoneNumber: '+91 80 5550 1234' };

beforeAll(async () => {
  stack = await startStack();
  customer = await newCustomer(stack.url);
});

afterAll(() => stack?.stop());

const LOGIN = 'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken refreshToken } }';

test('what people have given us is in no line of the log, also where something went wrong', async () => {
  const anybody = new Client(stack.url);
  const { email, password } = customer;
  const { loginUser: tokens } = await anybody.data<{ loginUser: { accessToken: string; refreshToken: string } }>(
    LOGIN,
    {
      input: { email, password },
    },
  );
  await customer.updateProfile(PROFILE);
  const product = await customer.createProduct();
  const order = await customer.placeOrder({ productId: product.id, quantity: 1 });

  const wrong = 'a wrong password, mistyped';
  for (let i = 0; i < 6; i++) await anybody.refusal(LOGIN, { input: { email, password: wrong } });
  await anybody.refusal('mutation ($input: RegisterInput!) { registerUser(input: $input) { id } }', {
    input: { name: 'Twin', email, password },
  });
  const refresh = `mutation { refreshTokens(refreshToken: "${tokens.refreshToken}") { accessToken } }`;
  await anybody.data(refresh);
  await anybody.refusal(refresh);
  await new Client(stack.url, `${tokens.accessToken}x`).refusal('{ me { id } }');
  await customer.refusal(`mutation { updateOrderStatus(id: "${order.id}", status: SHIPPED) { id } }`);
  await anybody.post(`{ "query": "{ user(id: ${email}", "password": "${password}" }`);

  const secrets = [email, password, wrong, ...Object.values(PROFILE), ...Object.values(tokens), customer.token!];
  for (const secret of secrets) expect(stack.output).not.toContain(secret);
});
