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

/** What an answer says went wrong. */
export interface Fault {
  message: string;
  extensions: { code: string; fields?: Record<string, string[]>; [detail: string]: unknown };
}

export interface Answer<T> {
  data?: T | null;
  errors?: Fault[];
}

/** An operation that was refused, as an exception. */
export class Refused extends Error {
  constructor(readonly fault: Fault) {
    super(`${fault.extensions.code}: ${fault.message}`);
  }

  get code(): string {
    return this.fault.extensions.code;
  }
}

/** The connection broke before an answer was there, or the server said that it is stopping. */
export class NoAnswer extends Error {}

const USER = 'id name email profile { bio shippingAddress pincode city country phoneNumber }';
const PRODUCT = 'id name price stock description';
const ORDER = `id userId items { id productId quantity price } total status cancelReason
  shippingAddress pincode city country phoneNumber`;

/** What no caller may ever see: stacks, drivers' words, and our own faults. */
const OURS_ALONE =
  /\bat \S+ \(|node_modules|\.[jt]s:\d+|stacktrace|ECONN|socket hang up|SQLSTATE|relation "|violates|duplicate key|syntax error at or near|deadlock|Internal server error|INTERNAL_SERVER_ERROR/i;

/** A caller of the API, known by a token or not at all. */
export class Client {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** Sends a body as it is. @throws NoAnswer, and when the answer tells what callers must not see. */
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
    if (OURS_ALONE.test(answer.body)) throw new Error(`An answer tells what is ours alone: ${answer.body}`);
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
    if (!data) throw new Error('An answer without data and without errors');
    return data;
  }

  /** The code that an operation is refused with. @throws when it is not. */
  async refusal(query: string, variables: object = {}): Promise<string> {
    const { data, errors } = await this.answer(query, variables);
    if (!errors?.[0]) throw new Error(`This was not refused: ${JSON.stringify(data)}`);
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

/** Someone who is registered and signed in; who sells and who buys are the same to the API. */
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

  /** The same person at another gateway. */
  at(url: string): Customer {
    return new Customer(url, this.token!, this.id, this.email, this.password);
  }

  async createProduct(given: Partial<Omit<Product, 'id'>> = {}): Promise<Product> {
    const input = { name: 'Teapot', price: 24.99, description: 'Holds a litre', stock: 10, ...given };
    const query = `mutation ($input: ProductInput!) { createProduct(input: $input) { ${PRODUCT} } }`;
    return (await this.data<{ createProduct: Product }>(query, { input })).createProduct;
  }

  async updateProduct(id: string, input: Partial<Omit<Product, 'id'>>): Promise<Product> {
    const query = `mutation ($id: ID!, $input: ProductUpdateInput!) { updateProduct(id: $id, input: $input) { ${PRODUCT} } }`;
    return (await this.data<{ updateProduct: Product }>(query, { id, input })).updateProduct;
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

  /** The same key again is answered with the same order. */
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

/** Registers somebody new and signs them in. */
export async function newCustomer(url: string): Promise<Customer> {
  const name = randomBytes(6).toString('hex');
  const [email, password] = [`${name}@example.com`, `password of ${name}`];
  const { id } = await new Client(url).register({ name, email, password });
  return new Customer(url, await logIn(url, email, password), id, email, password);
}

/** Somebody new, made an admin by an operator. */
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
