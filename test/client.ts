import { randomBytes } from 'node:crypto';
import {
  AdjustStockDocument,
  type Answer,
  BazaarClient,
  BazaarError,
  CancelOrderDocument,
  CreateProductDocument,
  DeleteProductDocument,
  type Document,
  LogInDocument,
  memoryTokens,
  OrderDocument,
  type OrderFragment,
  type OrderItemInput,
  OrdersDocument,
  type OrderStatus,
  PlaceOrderDocument,
  ProductDocument,
  type ProductFragment,
  type ProductInput,
  ProductsDocument,
  type ProductUpdateInput,
  type ProfileInput,
  type RegisterInput,
  RegisterUserDocument,
  UpdateOrderStatusDocument,
  UpdateProductDocument,
  UpdateProfileDocument,
  UserDocument,
  type UserFragment,
  UsersDocument,
  type VariablesOf,
} from '../libs/client/src/index.js';
import type { Stack } from './stack.js';

export { BazaarError as Refused, type Answer } from '../libs/client/src/index.js';
export type User = UserFragment;
export type Product = ProductFragment;
export type Order = OrderFragment;
export type Line = OrderItemInput;

/** Thrown if the connection broke before the response, or the server is stopping. */
export class NoAnswer extends Error {}

/** Text that no response may contain: stacks, messages of drivers, internal errors. */
const INTERNAL_DETAILS =
  /\bat \S+ \(|node_modules|\.[jt]s:\d+|stacktrace|ECONN|socket hang up|SQLSTATE|relation "|violates|duplicate key|syntax error at or near|deadlock|Internal server error|INTERNAL_SERVER_ERROR/i;

/** @throws NoAnswer, and an Error if the response contains internal details. */
const checkedFetch: typeof fetch = async (url, init) => {
  const [response, body] = await fetch(url, init)
    .then(async (response) => [response, await response.text()] as const)
    .catch((error: unknown) => {
      throw new NoAnswer(`No answer from ${String(url)}`, { cause: error });
    });
  if (INTERNAL_DETAILS.test(body)) throw new Error(`A response contains internal details: ${body}`);
  return new Response(body, response);
};

/** A caller of the API, with or without an access token, who sends each operation once. */
export class Client {
  private readonly api: BazaarClient;

  constructor(
    readonly url: string,
    readonly token?: string,
  ) {
    this.api = new BazaarClient({
      url: `${url}/graphql`,
      tokens: memoryTokens(token === undefined ? null : { accessToken: token }),
      retry: { attempts: 1, timeoutMs: 600_000 },
      fetch: async (input, init) => {
        const response = await checkedFetch(input, init);
        if (response.status === 503) throw new NoAnswer(`${url} is stopping`);
        return response;
      },
    });
  }

  /** Sends a body unchanged. @throws NoAnswer, and an Error if the response contains internal details. */
  async post(body: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> {
    const authorization = this.token === undefined ? undefined : { authorization: `Bearer ${this.token}` };
    const response = await checkedFetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization, ...headers },
      body,
    });
    return { status: response.status, body: await response.text() };
  }

  /** @throws NoAnswer. */
  async answer<T>(query: string, variables: object = {}): Promise<Answer<T>> {
    return this.api.answer<T, object>(query, variables, { idempotencyKey: null }).catch(failed);
  }

  /** What an operation answers. @throws Refused when it is, NoAnswer. */
  async data<T>(query: string, variables: object = {}): Promise<T> {
    return this.api.request<T, object>(query, variables, { idempotencyKey: null }).catch(failed);
  }

  /** What an operation of the client library answers. @throws Refused when it is, NoAnswer. */
  async request<T, Variables extends object>(
    document: Document<T, Variables>,
    ...variables: VariablesOf<Variables>
  ): Promise<T> {
    return this.api.request(document, ...variables).catch(failed);
  }

  /** The error code of an operation. @throws if it succeeds. */
  async refusal(query: string, variables: object = {}): Promise<string> {
    const { data, errors } = await this.answer(query, variables);
    if (!errors?.[0]) throw new Error(`This operation did not fail: ${JSON.stringify(data)}`);
    return errors[0].extensions.code;
  }

  async register(input: RegisterInput): Promise<User> {
    return (await this.request(RegisterUserDocument, { input })).registerUser;
  }

  async user(id: string): Promise<User | null> {
    return (await this.request(UserDocument, { id })).user;
  }

  async users(): Promise<User[]> {
    return (await this.request(UsersDocument)).users;
  }

  async products(): Promise<Product[]> {
    return (await this.request(ProductsDocument)).products;
  }

  async product(id: string): Promise<Product | null> {
    return (await this.request(ProductDocument, { id })).product;
  }
}

/** @throws what `checkedFetch` has thrown, or the error of the API. */
function failed(error: unknown): never {
  if (!(error instanceof BazaarError) || error.code !== 'NETWORK_ERROR') throw error;
  throw error.cause ?? new Error(error.message);
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

  async createProduct(given: Partial<ProductInput> = {}): Promise<Product> {
    const input = { name: 'Teapot', price: 24.99, description: 'Holds a litre', stock: 10, ...given };
    return (await this.request(CreateProductDocument, { input })).createProduct;
  }

  async updateProduct(id: string, input: ProductUpdateInput): Promise<Product> {
    return (await this.request(UpdateProductDocument, { id, input })).updateProduct;
  }

  async adjustStock(productId: string, delta: number, idempotencyKey?: string): Promise<Product> {
    return (await this.request(AdjustStockDocument, { productId, delta, idempotencyKey })).adjustStock;
  }

  async deleteProduct(id: string): Promise<Product> {
    return (await this.request(DeleteProductDocument, { id })).deleteProduct;
  }

  async updateProfile(input: ProfileInput): Promise<User> {
    return (await this.request(UpdateProfileDocument, { input })).updateProfile;
  }

  async placeOrder(...items: Line[]): Promise<Order> {
    return (await this.request(PlaceOrderDocument, { input: { items } })).placeOrder;
  }

  /** Calls with the same key place one order, which they all return. */
  async placeOrderOnce(idempotencyKey: string, ...items: Line[]): Promise<Order> {
    return (await this.request(PlaceOrderDocument, { input: { items, idempotencyKey } })).placeOrder;
  }

  async updateOrderStatus(id: string, status: OrderStatus): Promise<Order> {
    return (await this.request(UpdateOrderStatusDocument, { id, status })).updateOrderStatus;
  }

  async cancelOrder(id: string): Promise<Order> {
    return (await this.request(CancelOrderDocument, { id })).cancelOrder;
  }

  async order(id: string): Promise<Order | null> {
    return (await this.request(OrderDocument, { id })).order;
  }

  /** Newest first, 1000 at most. */
  async orders(): Promise<Order[]> {
    return (await this.request(OrdersDocument)).orders;
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
  return (await new Client(url).request(LogInDocument, { input: { email, password } })).loginUser.accessToken;
}

export const newCustomers = (url: string, count: number): Promise<Customer[]> =>
  Promise.all(Array.from({ length: count }, () => newCustomer(url)));
