import { gql, type TypedDocumentNode } from '@apollo/client';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

export const LOG_IN: TypedDocumentNode<{ loginUser: Tokens }, { email: string; password: string }> = gql`
  mutation LogIn($email: String!, $password: String!) {
    loginUser(input: { email: $email, password: $password }) {
      accessToken
      refreshToken
    }
  }
`;

interface ProductConnection {
  edges: { node: { id: string; name: string; price: number; stock: number } }[];
  pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

export const PRODUCTS: TypedDocumentNode<
  { productConnection: ProductConnection },
  { search: string; first: number; after?: string | null }
> = gql`
  query Products($search: String, $first: Int, $after: String) {
    productConnection(first: $first, after: $after, filter: { search: $search }, sort: PRICE_ASC) {
      edges {
        node {
          id
          name
          price
          stock
        }
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`;

interface Order {
  id: string;
  orderStatus: 'PENDING' | 'PROCESSING' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED';
  total: number;
}

/** A new idempotency key for every order that the customer wants, the same one when its answer was lost. */
export const PLACE_ORDER: TypedDocumentNode<
  { placeOrder: Order },
  { items: { productId: string; quantity: number }[]; expectedTotal: number; idempotencyKey: string }
> = gql`
  mutation PlaceOrder($items: [OrderItemInput!]!, $expectedTotal: Float, $idempotencyKey: String!) {
    placeOrder(input: { items: $items, expectedTotal: $expectedTotal, idempotencyKey: $idempotencyKey }) {
      id
      orderStatus
      total
    }
  }
`;

export const ORDER_UPDATED: TypedDocumentNode<{ orderUpdated: Order }, { id?: string }> = gql`
  subscription OrderUpdated($id: ID) {
    orderUpdated(id: $id) {
      id
      orderStatus
      total
    }
  }
`;
