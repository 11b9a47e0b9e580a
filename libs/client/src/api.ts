// Written by `npm run schema`.
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Why an order was cancelled. */
export type CancelReason =
  /** An admin cancelled it. */
  | 'BY_ADMIN'
  /** The customer cancelled it. */
  | 'BY_CUSTOMER'
  /** The stock did not suffice. */
  | 'OUT_OF_STOCK'
  /** A product was deleted before its stock was reserved. */
  | 'PRODUCT_UNAVAILABLE';

/** A new password, and proof that the caller knows the current one. */
export type ChangePasswordInput = {
  /** The current password. */
  currentPassword: string;
  /** The new password: 8 to 128 characters. */
  newPassword: string;
};

/** The credentials of a user. */
export type LoginInput = {
  /** The e-mail address. Its case does not matter. */
  email: string;
  /** The password. */
  password: string;
};

/** Conditions that an order must meet, all of them. */
export type OrderFilter = {
  /** The status of the orders. */
  status?: OrderStatus | null | undefined;
  /** The customer of the orders. Customers may only give their own id, which is the default; admins any. */
  userId?: string | null | undefined;
};

/** A new order. */
export type OrderInput = {
  /** The total that the customer saw. If it is not the total now, the order is rejected with PRICE_CHANGED. Compared in whole cents. */
  expectedTotal?: number | null | undefined;
  /** Makes retries safe: a second call with the same key returns the first order and places nothing. An error that is final is returned again for 24 hours. To order again after such an error, use a new key. */
  idempotencyKey?: string | null | undefined;
  /** The products to order: 1 to 100, each once. */
  items: Array<OrderItemInput>;
  /** The customer. Defaults to the caller; only admins may place orders for other users. */
  userId?: string | null | undefined;
};

/** A product to order. */
export type OrderItemInput = {
  /** The unit price that the customer saw. If it is not the price now, the order is rejected with PRICE_CHANGED. */
  expectedPrice?: number | null | undefined;
  /** The id of the product. */
  productId: string;
  /** The number of units: 1 to 1,000,000. */
  quantity: number;
};

/** The statuses of an order. */
export type OrderStatus =
  /** Cancelled; `orderCancelReason` says why. */
  | 'CANCELLED'
  /** Received by the customer. */
  | 'DELIVERED'
  /** Placed. Its stock is not yet reserved. */
  | 'PENDING'
  /** Its stock is reserved. */
  | 'PROCESSING'
  /** Sent to the customer. */
  | 'SHIPPED';

/** Conditions that a product must meet, all of them. */
export type ProductFilter = {
  /** Whether there are units that can be ordered. */
  inStock?: boolean | null | undefined;
  /** The highest price. */
  maxPrice?: number | null | undefined;
  /** The lowest price. */
  minPrice?: number | null | undefined;
  /** Words to find in the name and the description, whatever their case and accents. Finds parts of words in Chinese, Japanese, Korean, Thai, Lao, Khmer and Burmese. Supports "phrases", `or` and `-without`. */
  search?: string | null | undefined;
  /** The id of the seller. */
  sellerId?: string | null | undefined;
};

/** A new product. */
export type ProductInput = {
  /** At most 4,000 characters. */
  description: string;
  /** 1 to 200 characters. */
  name: string;
  /** The unit price: at least 0, with at most two decimals. BAD_USER_INPUT names the `limit` of this shop. */
  price: number;
  /** The number of units that can be ordered: 0 to 1,000,000,000. */
  stock: number;
};

/** The order of a list of products. */
export type ProductSort =
  /** By name, without regard to case. */
  | 'NAME'
  /** The newest first. */
  | 'NEWEST'
  /** The cheapest first. */
  | 'PRICE_ASC'
  /** The most expensive first. */
  | 'PRICE_DESC';

/** Fields that are omitted keep their values. */
export type ProductUpdateInput = {
  /** At most 4,000 characters. */
  description?: string | null | undefined;
  /** The stock that the caller saw. If it is not the stock now, nothing is changed: STOCK_CHANGED. */
  expectedStock?: number | null | undefined;
  /** 1 to 200 characters. */
  name?: string | null | undefined;
  /** The unit price: at least 0, with at most two decimals. BAD_USER_INPUT names the `limit` of this shop. */
  price?: number | null | undefined;
  /** The number of units that can be ordered: 0 to 1,000,000,000. `adjustStock` is safer while orders are placed. */
  stock?: number | null | undefined;
};

/** Fields that are omitted keep their values. */
export type ProfileInput = {
  /** A text about the user: at most 2,000 characters. */
  bio?: string | null | undefined;
  /** The city: at most 100 characters. */
  city?: string | null | undefined;
  /** The country: at most 100 characters. */
  country?: string | null | undefined;
  /** The name that others see: 1 to 100 characters. */
  name?: string | null | undefined;
  /** The phone number for the delivery: at most 30 characters. */
  phoneNumber?: string | null | undefined;
  /** The postal code: at most 20 characters. */
  pincode?: string | null | undefined;
  /** The street and the house number: at most 500 characters. */
  shippingAddress?: string | null | undefined;
};

/** A new user. */
export type RegisterInput = {
  /** An e-mail address that no other user has. Its case does not matter. */
  email: string;
  /** The name that others see: 1 to 100 characters. */
  name: string;
  /** 8 to 128 characters. */
  password: string;
};

/** What a user may do. */
export type Role =
  /** May also act for every other user. Made by a command, never by the API. */
  | 'ADMIN'
  /** Buys, and sells own products. */
  | 'CUSTOMER';

export type TokensFragment = { accessToken: string; refreshToken: string };

export type UserFragment = {
  id: string;
  name: string;
  email: string;
  role: Role;
  createdAt: string;
  profile: {
    bio: string;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
  } | null;
};

export type ProductFragment = {
  id: string;
  name: string;
  description: string;
  price: number;
  stock: number;
  createdAt: string;
  updatedAt: string;
};

export type OrderFragment = {
  id: string;
  userId: string;
  total: number;
  shippingAddress: string;
  pincode: string;
  city: string;
  country: string;
  phoneNumber: string;
  createdAt: string;
  updatedAt: string;
  status: OrderStatus;
  cancelReason: CancelReason | null;
  items: Array<{
    id: string;
    productId: string;
    productName: string | null;
    sellerId: string | null;
    quantity: number;
    price: number;
  }>;
};

export type PageFragment = {
  startCursor: string | null;
  endCursor: string | null;
  hasNextPage: boolean;
  hasPreviousPage: boolean;
};

export type LogInMutationVariables = Exact<{
  input: LoginInput;
}>;

export type LogInMutation = { loginUser: { accessToken: string; refreshToken: string } };

export type RefreshTokensMutationVariables = Exact<{
  refreshToken: string;
}>;

export type RefreshTokensMutation = { refreshTokens: { accessToken: string; refreshToken: string } };

export type LogOutMutationVariables = Exact<{
  everywhere?: boolean | null | undefined;
}>;

export type LogOutMutation = { logoutUser: boolean };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;

export type ChangePasswordMutation = { changePassword: { accessToken: string; refreshToken: string } };

export type RegisterUserMutationVariables = Exact<{
  input: RegisterInput;
}>;

export type RegisterUserMutation = {
  registerUser: {
    id: string;
    name: string;
    email: string;
    role: Role;
    createdAt: string;
    profile: {
      bio: string;
      shippingAddress: string;
      pincode: string;
      city: string;
      country: string;
      phoneNumber: string;
    } | null;
  };
};

export type UpdateProfileMutationVariables = Exact<{
  input: ProfileInput;
}>;

export type UpdateProfileMutation = {
  updateProfile: {
    id: string;
    name: string;
    email: string;
    role: Role;
    createdAt: string;
    profile: {
      bio: string;
      shippingAddress: string;
      pincode: string;
      city: string;
      country: string;
      phoneNumber: string;
    } | null;
  };
};

export type MeQueryVariables = Exact<{ [key: string]: never }>;

export type MeQuery = {
  me: {
    id: string;
    name: string;
    email: string;
    role: Role;
    createdAt: string;
    profile: {
      bio: string;
      shippingAddress: string;
      pincode: string;
      city: string;
      country: string;
      phoneNumber: string;
    } | null;
  };
};

export type UserQueryVariables = Exact<{
  id: string;
}>;

export type UserQuery = {
  user: {
    id: string;
    name: string;
    email: string;
    role: Role;
    createdAt: string;
    profile: {
      bio: string;
      shippingAddress: string;
      pincode: string;
      city: string;
      country: string;
      phoneNumber: string;
    } | null;
  } | null;
};

export type UsersQueryVariables = Exact<{ [key: string]: never }>;

export type UsersQuery = {
  users: Array<{
    id: string;
    name: string;
    email: string;
    role: Role;
    createdAt: string;
    profile: {
      bio: string;
      shippingAddress: string;
      pincode: string;
      city: string;
      country: string;
      phoneNumber: string;
    } | null;
  }>;
};

export type UserPageQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;

export type UserPageQuery = {
  userConnection: {
    edges: Array<{
      cursor: string;
      node: {
        id: string;
        name: string;
        email: string;
        role: Role;
        createdAt: string;
        profile: {
          bio: string;
          shippingAddress: string;
          pincode: string;
          city: string;
          country: string;
          phoneNumber: string;
        } | null;
      };
    }>;
    pageInfo: { startCursor: string | null; endCursor: string | null; hasNextPage: boolean; hasPreviousPage: boolean };
  };
};

export type CreateProductMutationVariables = Exact<{
  input: ProductInput;
}>;

export type CreateProductMutation = {
  createProduct: {
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  };
};

export type UpdateProductMutationVariables = Exact<{
  id: string;
  input: ProductUpdateInput;
}>;

export type UpdateProductMutation = {
  updateProduct: {
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  };
};

export type AdjustStockMutationVariables = Exact<{
  productId: string;
  delta: number;
  idempotencyKey?: string | null | undefined;
}>;

export type AdjustStockMutation = {
  adjustStock: {
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  };
};

export type DeleteProductMutationVariables = Exact<{
  id: string;
}>;

export type DeleteProductMutation = {
  deleteProduct: {
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  };
};

export type ProductQueryVariables = Exact<{
  id: string;
}>;

export type ProductQuery = {
  product: {
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  } | null;
};

export type ProductsQueryVariables = Exact<{ [key: string]: never }>;

export type ProductsQuery = {
  products: Array<{
    id: string;
    name: string;
    description: string;
    price: number;
    stock: number;
    createdAt: string;
    updatedAt: string;
  }>;
};

export type ProductPageQueryVariables = Exact<{
  filter?: ProductFilter | null | undefined;
  sort?: ProductSort | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;

export type ProductPageQuery = {
  productConnection: {
    edges: Array<{
      cursor: string;
      node: {
        id: string;
        name: string;
        description: string;
        price: number;
        stock: number;
        createdAt: string;
        updatedAt: string;
      };
    }>;
    pageInfo: { startCursor: string | null; endCursor: string | null; hasNextPage: boolean; hasPreviousPage: boolean };
  };
};

export type PlaceOrderMutationVariables = Exact<{
  input: OrderInput;
}>;

export type PlaceOrderMutation = {
  placeOrder: {
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  };
};

export type CancelOrderMutationVariables = Exact<{
  id: string;
}>;

export type CancelOrderMutation = {
  cancelOrder: {
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  };
};

export type UpdateOrderStatusMutationVariables = Exact<{
  id: string;
  status: OrderStatus;
}>;

export type UpdateOrderStatusMutation = {
  updateOrderStatus: {
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  };
};

export type OrderQueryVariables = Exact<{
  id: string;
}>;

export type OrderQuery = {
  order: {
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  } | null;
};

export type OrdersQueryVariables = Exact<{ [key: string]: never }>;

export type OrdersQuery = {
  orders: Array<{
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  }>;
};

export type OrderPageQueryVariables = Exact<{
  filter?: OrderFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
  before?: string | null | undefined;
}>;

export type OrderPageQuery = {
  orderConnection: {
    edges: Array<{
      cursor: string;
      node: {
        id: string;
        userId: string;
        total: number;
        shippingAddress: string;
        pincode: string;
        city: string;
        country: string;
        phoneNumber: string;
        createdAt: string;
        updatedAt: string;
        status: OrderStatus;
        cancelReason: CancelReason | null;
        items: Array<{
          id: string;
          productId: string;
          productName: string | null;
          sellerId: string | null;
          quantity: number;
          price: number;
        }>;
      };
    }>;
    pageInfo: { startCursor: string | null; endCursor: string | null; hasNextPage: boolean; hasPreviousPage: boolean };
  };
};

export type OrderUpdatedSubscriptionVariables = Exact<{
  id?: string | null | undefined;
}>;

export type OrderUpdatedSubscription = {
  orderUpdated: {
    id: string;
    userId: string;
    total: number;
    shippingAddress: string;
    pincode: string;
    city: string;
    country: string;
    phoneNumber: string;
    createdAt: string;
    updatedAt: string;
    status: OrderStatus;
    cancelReason: CancelReason | null;
    items: Array<{
      id: string;
      productId: string;
      productName: string | null;
      sellerId: string | null;
      quantity: number;
      price: number;
    }>;
  };
};

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const TokensFragmentDoc = new TypedDocumentString(
  `
    fragment Tokens on AuthTokens {
  accessToken
  refreshToken
}
    `,
  { fragmentName: 'Tokens' },
) as unknown as TypedDocumentString<TokensFragment, unknown>;
export const UserFragmentDoc = new TypedDocumentString(
  `
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}
    `,
  { fragmentName: 'User' },
) as unknown as TypedDocumentString<UserFragment, unknown>;
export const ProductFragmentDoc = new TypedDocumentString(
  `
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}
    `,
  { fragmentName: 'Product' },
) as unknown as TypedDocumentString<ProductFragment, unknown>;
export const OrderFragmentDoc = new TypedDocumentString(
  `
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}
    `,
  { fragmentName: 'Order' },
) as unknown as TypedDocumentString<OrderFragment, unknown>;
export const PageFragmentDoc = new TypedDocumentString(
  `
    fragment Page on PageInfo {
  startCursor
  endCursor
  hasNextPage
  hasPreviousPage
}
    `,
  { fragmentName: 'Page' },
) as unknown as TypedDocumentString<PageFragment, unknown>;
export const LogInDocument = new TypedDocumentString(`
    mutation LogIn($input: LoginInput!) {
  loginUser(input: $input) {
    ...Tokens
  }
}
    fragment Tokens on AuthTokens {
  accessToken
  refreshToken
}`) as unknown as TypedDocumentString<LogInMutation, LogInMutationVariables>;
export const RefreshTokensDocument = new TypedDocumentString(`
    mutation RefreshTokens($refreshToken: String!) {
  refreshTokens(refreshToken: $refreshToken) {
    ...Tokens
  }
}
    fragment Tokens on AuthTokens {
  accessToken
  refreshToken
}`) as unknown as TypedDocumentString<RefreshTokensMutation, RefreshTokensMutationVariables>;
export const LogOutDocument = new TypedDocumentString(`
    mutation LogOut($everywhere: Boolean) {
  logoutUser(everywhere: $everywhere)
}
    `) as unknown as TypedDocumentString<LogOutMutation, LogOutMutationVariables>;
export const ChangePasswordDocument = new TypedDocumentString(`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input) {
    ...Tokens
  }
}
    fragment Tokens on AuthTokens {
  accessToken
  refreshToken
}`) as unknown as TypedDocumentString<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const RegisterUserDocument = new TypedDocumentString(`
    mutation RegisterUser($input: RegisterInput!) {
  registerUser(input: $input) {
    ...User
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}`) as unknown as TypedDocumentString<RegisterUserMutation, RegisterUserMutationVariables>;
export const UpdateProfileDocument = new TypedDocumentString(`
    mutation UpdateProfile($input: ProfileInput!) {
  updateProfile(input: $input) {
    ...User
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}`) as unknown as TypedDocumentString<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    ...User
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}`) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const UserDocument = new TypedDocumentString(`
    query User($id: ID!) {
  user(id: $id) {
    ...User
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}`) as unknown as TypedDocumentString<UserQuery, UserQueryVariables>;
export const UsersDocument = new TypedDocumentString(`
    query Users {
  users {
    ...User
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}`) as unknown as TypedDocumentString<UsersQuery, UsersQueryVariables>;
export const UserPageDocument = new TypedDocumentString(`
    query UserPage($first: Int, $after: String, $last: Int, $before: String) {
  userConnection(first: $first, after: $after, last: $last, before: $before) {
    edges {
      cursor
      node {
        ...User
      }
    }
    pageInfo {
      ...Page
    }
  }
}
    fragment User on User {
  id
  name
  email
  role
  profile {
    bio
    shippingAddress
    pincode
    city
    country
    phoneNumber
  }
  createdAt
}
fragment Page on PageInfo {
  startCursor
  endCursor
  hasNextPage
  hasPreviousPage
}`) as unknown as TypedDocumentString<UserPageQuery, UserPageQueryVariables>;
export const CreateProductDocument = new TypedDocumentString(`
    mutation CreateProduct($input: ProductInput!) {
  createProduct(input: $input) {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<CreateProductMutation, CreateProductMutationVariables>;
export const UpdateProductDocument = new TypedDocumentString(`
    mutation UpdateProduct($id: ID!, $input: ProductUpdateInput!) {
  updateProduct(id: $id, input: $input) {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UpdateProductMutation, UpdateProductMutationVariables>;
export const AdjustStockDocument = new TypedDocumentString(`
    mutation AdjustStock($productId: ID!, $delta: Int!, $idempotencyKey: String) {
  adjustStock(
    productId: $productId
    delta: $delta
    idempotencyKey: $idempotencyKey
  ) {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<AdjustStockMutation, AdjustStockMutationVariables>;
export const DeleteProductDocument = new TypedDocumentString(`
    mutation DeleteProduct($id: ID!) {
  deleteProduct(id: $id) {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<DeleteProductMutation, DeleteProductMutationVariables>;
export const ProductDocument = new TypedDocumentString(`
    query Product($id: ID!) {
  product(id: $id) {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ProductQuery, ProductQueryVariables>;
export const ProductsDocument = new TypedDocumentString(`
    query Products {
  products {
    ...Product
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<ProductsQuery, ProductsQueryVariables>;
export const ProductPageDocument = new TypedDocumentString(`
    query ProductPage($filter: ProductFilter, $sort: ProductSort, $first: Int, $after: String, $last: Int, $before: String) {
  productConnection(
    filter: $filter
    sort: $sort
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    edges {
      cursor
      node {
        ...Product
      }
    }
    pageInfo {
      ...Page
    }
  }
}
    fragment Product on Product {
  id
  name
  description
  price
  stock
  createdAt
  updatedAt
}
fragment Page on PageInfo {
  startCursor
  endCursor
  hasNextPage
  hasPreviousPage
}`) as unknown as TypedDocumentString<ProductPageQuery, ProductPageQueryVariables>;
export const PlaceOrderDocument = new TypedDocumentString(`
    mutation PlaceOrder($input: OrderInput!) {
  placeOrder(input: $input) {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<PlaceOrderMutation, PlaceOrderMutationVariables>;
export const CancelOrderDocument = new TypedDocumentString(`
    mutation CancelOrder($id: ID!) {
  cancelOrder(id: $id) {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<CancelOrderMutation, CancelOrderMutationVariables>;
export const UpdateOrderStatusDocument = new TypedDocumentString(`
    mutation UpdateOrderStatus($id: ID!, $status: OrderStatus!) {
  updateOrderStatus(id: $id, status: $status) {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<UpdateOrderStatusMutation, UpdateOrderStatusMutationVariables>;
export const OrderDocument = new TypedDocumentString(`
    query Order($id: ID!) {
  order(id: $id) {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<OrderQuery, OrderQueryVariables>;
export const OrdersDocument = new TypedDocumentString(`
    query Orders {
  orders {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<OrdersQuery, OrdersQueryVariables>;
export const OrderPageDocument = new TypedDocumentString(`
    query OrderPage($filter: OrderFilter, $first: Int, $after: String, $last: Int, $before: String) {
  orderConnection(
    filter: $filter
    first: $first
    after: $after
    last: $last
    before: $before
  ) {
    edges {
      cursor
      node {
        ...Order
      }
    }
    pageInfo {
      ...Page
    }
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}
fragment Page on PageInfo {
  startCursor
  endCursor
  hasNextPage
  hasPreviousPage
}`) as unknown as TypedDocumentString<OrderPageQuery, OrderPageQueryVariables>;
export const OrderUpdatedDocument = new TypedDocumentString(`
    subscription OrderUpdated($id: ID) {
  orderUpdated(id: $id) {
    ...Order
  }
}
    fragment Order on Order {
  id
  userId
  items {
    id
    productId
    productName
    sellerId
    quantity
    price
  }
  total
  status: orderStatus
  cancelReason: orderCancelReason
  shippingAddress
  pincode
  city
  country
  phoneNumber
  createdAt
  updatedAt
}`) as unknown as TypedDocumentString<OrderUpdatedSubscription, OrderUpdatedSubscriptionVariables>;
/** The values of `extensions.code` of an error. */
export type ErrorCode =
  /** Not a GraphQL-over-HTTP request, or blocked by CSRF protection. */
  | 'BAD_REQUEST'
  /** The input is invalid; `fields` lists each invalid field and the rules it breaks. */
  | 'BAD_USER_INPUT'
  /** Another user is registered with this e-mail. */
  | 'EMAIL_TAKEN'
  /** The caller is authenticated but lacks permission. */
  | 'FORBIDDEN'
  /** The document is not valid GraphQL. */
  | 'GRAPHQL_PARSE_FAILED'
  /** The document does not match the schema. */
  | 'GRAPHQL_VALIDATION_FAILED'
  /** The idempotency key was used for a different input. Use a new key. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** More units are requested than are in stock; `shortages` lists what is available. */
  | 'INSUFFICIENT_STOCK'
  /** Internal error. Search the logs for the `traceId`. */
  | 'INTERNAL_SERVER_ERROR'
  /** Wrong e-mail or password. */
  | 'INVALID_CREDENTIALS'
  /** The refresh token is unknown or was replaced, or its session has ended. Log in again. */
  | 'INVALID_REFRESH_TOKEN'
  /** The document has no operation of this name, or has several and the request names none. */
  | 'OPERATION_RESOLUTION_FAILURE'
  /** The operation or its answer exceeds a limit; `limit` is the maximum. */
  | 'OPERATION_TOO_COMPLEX'
  /** The order does not exist, or the caller may not see it. */
  | 'ORDER_NOT_FOUND'
  /** The order cannot change to this status; `status` is its current status. */
  | 'ORDER_STATUS_CONFLICT'
  /** Pages of this origin may not call the API. The setting CORS_ORIGINS allows them. */
  | 'ORIGIN_NOT_ALLOWED'
  /** The request body is too large. */
  | 'PAYLOAD_TOO_LARGE'
  /** No document is stored for this hash. Send the hash together with the document. */
  | 'PERSISTED_QUERY_NOT_FOUND'
  /** The amounts are not the expected ones: see `prices` and `total`. Nothing is ordered. */
  | 'PRICE_CHANGED'
  /** A product does not exist or was deleted; `productIds` lists the missing ids. */
  | 'PRODUCT_NOT_FOUND'
  /** Too many requests or failed logins. Retry after `retryAfter` seconds. */
  | 'RATE_LIMITED'
  /** A service did not answer in time. The operation may or may not have taken effect. */
  | 'SERVICE_TIMEOUT'
  /** A required service is unavailable. Try again later. */
  | 'SERVICE_UNAVAILABLE'
  /** The order has no shipping address. Its customer sets one with `updateProfile`. */
  | 'SHIPPING_ADDRESS_MISSING'
  /** The stock is not `expectedStock`; `stock` is the current one. Nothing is changed. */
  | 'STOCK_CHANGED'
  /** The access token is missing, malformed or expired, or its session has ended. */
  | 'UNAUTHENTICATED'
  /** The user does not exist. */
  | 'USER_NOT_FOUND';

/** The mutations that take an idempotency key. */
export const KEYED_MUTATIONS: readonly string[] = ['adjustStock', 'placeOrder'];
