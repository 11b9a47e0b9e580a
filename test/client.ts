import { randomBytes } from 'node:crypto';
import type { Stack } from './stack.js';

export interface Profile {
  bio: string;
  shippingAddress: string;
  pincode: string;
  city: string;
  country: string;
  phoneNumber: string;
}

export interface User {
  id: string;
  name: string;
  email: string;
  profile: Profile | null;
}

export interface Product {
  id: string;
  name: string;
  price: number;
  stock: number;
  description: string;
}

export interface Line {
  productId: string;
  quantity: number;
}

export interface Order {
  id: string;
  userId: string;
  items: (Line & { id: string; price: number })[];
  total: number;
  status: 'PENDING' | 'PROCESSING' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';
  cancelReason: string | null;
  shippingAddress: string;
  pincode: string;
  city: string;
  country: string;
  phoneNumber: string;
}

/** An error in a response. */
export interface ResponseError {
  message: string;
  extensions: { code: string; fields?: Record<string, string[]>; [detail: string]: unknown };
}

export interface Answer<T> {
  data?: T | null;
  errors?: ResponseError[];
}

/** Thrown for an operation that was answered with an error. */
export class Refused extends Error {
  constructor(readonly error: ResponseError) {
    super(`${error.extensions.code}: ${error.message}`);
  }

  get code(): string {
    return this.error.extensions.code;
  }
}

/** Thrown if the connection broke before the response, or the server is stopping. */
export class NoAnswer extends Error {}

const USER = 'id name email profile { bio shippingAddress pincode city country phoneNumber }';
const PRODUCT = 'id name price stock description';
const ORDER = `id userId items { id productId quantity price } total status cancelReason
  shippingAddress pincode city country phoneNumber`;

/** Text that no response may contain: stacks, messages of drivers, internal errors. */
const INTERNAL_DETAILS =
  /\bat \S+ \(|node_modules|\.[jt]s:\d+|stacktrace|ECONN|socket hang up|SQLSTATE|relation "|violates|duplicate key|syntax error at or near|deadlock|Internal server error|INTERNAL_SERVER_ERROR/i;

/** A caller of the API, with or without an access token. */
export class Client {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** Sends a body unchanged. @throws NoAnswer, and an Error if the response contains internal details. */
  async post(body: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
    const authorization = this.token === undefined ? undefined : { authorization: `Bearer ${this.token}` };
    const answer = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization, ...headers },
      body,
    })
      .then(async (response) => ({ status: response.status, body: await response.text() }))
      .catch((error: unknown) => {
        throw new NoAnswer(`No answer from ${this.url}`, { cause: error });
      });
    if (INTERNAL_DETAILS.test(answer.body)) throw new Error(`A response contains internal details: ${answer.body}`);
    return answer;
  }

  /** @throws NoAnswer. */
  async answer<T>(query: string, variables: object = {}): Promise<Answer<T>> {
    const { status, body } = await this.post(JSON.stringify({ query, variables }));
    if (status === 503) throw new NoAnswer(`${this.url} is stopping`);
    return JSON.parse(body) as Answer<T>;
  }

  /** What an operation answers. @throws Refused when it is, NoAnswer. */
  async data<T>(query: string, variables: object = {}): Promise<T> {
    const { data, errors } = await this.answer<T>(query, variables);
    if (errors?.[0]) throw new Refused(errors[0]);
    if (!data) throw new Error('The response has neither data nor errors');
    return data;
  }

  /** The error code of an operation. @throws if it succeeds. */
  async refusal(query: string, variables: object = {}): Promise<string> {
    const { data, errors } = await this.answer(query, variables);
    if (!errors?.[0]) throw new Error(`This operation did not fail: ${JSON.stringify(data)}`);
    return errors[0].extensions.code;
  }

  async register(input: { name: string; email: string; password: string }): Promise<User> {
    const query = `mutation ($input: RegisterInput!) { registerUser(input: $input) { ${USER} } }`;
    return (await this.data<{ registerUser: User }>(query, { input })).registerUser;
  }

  async user(id: string): Promise<User | null> {
    return (await this.data<{ user: User | null }>(`query ($id: ID!) { user(id: $id) { ${USER} } }`, { id })).user;
  }

  async users(): Promise<User[]> {
    return (await this.data<{ users: User[] }>(`{ users { ${USER} } }`)).users;
  }

  async products(): Promise<Product[]> {
    return (await this.data<{ products: Product[] }>(`{ products { ${PRODUCT} } }`)).products;
  }

  async product(id: string): Promise<Product | null> {
    const query = `query ($id: ID!) { product(id: $id) { ${PRODUCT} } }`;
    return (await this.data<{ product: Product | null }>(query, { id })).product;
  }
}

/** A registered, signed-in user, who can buy and sell. */
export class Customer extends Client {
  constructor(
    url: string,
    token: string,
    readonly id: string,
    readonly email: string,
    readonly password: string,
  ) {
    super(url, token);
  }

  /** The same user at another gateway. */
  at(url: string): Customer {
    return new Customer(url, this.token!, this.id, this.email, this.password);
  }

  async createProduct(given: Partial<Omit<Product, 'id'>> = {}): Promise<Product> {
    const input = { name: 'Teapot', price: 24.99, description: 'Holds a litre', stock: 10, ...given };
    const query = `mutation ($input: ProductInput!) { createProduct(input: $input) { ${PRODUCT} } }`;
    return (await this.data<{ createProduct: Product }>(query, { input })).createProduct;
  }

  async updateProduct(id: string, input: Partial<Omit<Product, 'id'>> & { expectedStock?: number }): Promise<Product> {
    const query = `mutation ($id: ID!, $input: ProductUpdateInput!) { updateProduct(id: $id, input: $input) { ${PRODUCT} } }`;
    return (await this.data<{ updateProduct: Product }>(query, { id, input })).updateProduct;
  }

  async adjustStock(productId: string, delta: number, idempotencyKey?: string): Promise<Product> {
    const query = `mutation ($productId: ID!, $delta: Int!, $idempotencyKey: String) {
      adjustStock(productId: $productId, delta: $delta, idempotencyKey: $idempotencyKey) { ${PRODUCT} }
    }`;
    return (await this.data<{ adjustStock: Product }>(query, { productId, delta, idempotencyKey })).adjustStock;
  }

  async deleteProduct(id: string): Promise<Product> {
    const query = `mutation ($id: ID!) { deleteProduct(id: $id) { ${PRODUCT} } }`;
    return (await this.data<{ deleteProduct: Product }>(query, { id })).deleteProduct;
  }

  async updateProfile(input: Partial<Profile> & { name?: string }): Promise<User> {
    const query = `mutation ($input: ProfileInput!) { updateProfile(input: $input) { ${USER} } }`;
    return (await this.data<{ updateProfile: User }>(query, { input })).updateProfile;
  }

  async placeOrder(...items: Line[]): Promise<Order> {
    const query = `mutation ($input: OrderInput!) { placeOrder(input: $input) { ${ORDER} } }`;
    return (await this.data<{ placeOrder: Order }>(query, { input: { items } })).placeOrder;
  }

  /** Calls with the same key place one order, which they all return. */
  async placeOrderOnce(idempotencyKey: string, ...items: Line[]): Promise<Order> {
    const query = `mutation ($input: OrderInput!) { placeOrder(input: $input) { ${ORDER} } }`;
    return (await this.data<{ placeOrder: Order }>(query, { input: { items, idempotencyKey } })).placeOrder;
  }

  async updateOrderStatus(id: string, status: Order['status']): Promise<Order> {
    const query = `mutation ($id: ID!, $status: OrderStatus!) { updateOrderStatus(id: $id, status: $status) { ${ORDER} } }`;
    return (await this.data<{ updateOrderStatus: Order }>(query, { id, status })).updateOrderStatus;
  }

  async cancelOrder(id: string): Promise<Order> {
    const query = `mutation ($id: ID!) { cancelOrder(id: $id) { ${ORDER} } }`;
    return (await this.data<{ cancelOrder: Order }>(query, { id })).cancelOrder;
  }

  async order(id: string): Promise<Order | null> {
    return (await this.data<{ order: Order | null }>(`query ($id: ID!) { order(id: $id) { ${ORDER} } }`, { id })).order;
  }

  /** Newest first, 1000 at most. */
  async orders(): Promise<Order[]> {
    return (await this.data<{ orders: Order[] }>(`{ orders { ${ORDER} } }`)).orders;
  }
}

/** Registers a new user and signs in. */
export async function newCustomer(url: string): Promise<Customer> {
  const name = randomBytes(6).toString('hex');
  const [email, password] = [`${name}@example.com`, `password of ${name}`];
  const { id } = await new Client(url).register({ name, email, password });
  return new Customer(url, await logIn(url, email, password), id, email, password);
}

/** A new user with the role of an admin. */
export async function newAdmin(stack: Stack): Promise<Customer> {
  const { url, id, email, password } = await newCustomer(stack.url);
  await stack.admin('grant', email);
  return new Customer(url, await logIn(url, email, password), id, email, password);
}

async function logIn(url: string, email: string, password: string): Promise<string> {
  const { loginUser } = await new Client(url).data<{ loginUser: { accessToken: string } }>(
    'mutation ($input: LoginInput!) { loginUser(input: $input) { accessToken } }',
    { input: { email, password } },
  );
  return loginUser.accessToken;
}

export const newCustomers = (url: string, count: number): Promise<Customer[]> =>
  Promise.all(Array.from({ length: count }, () => newCustomer(url)));
