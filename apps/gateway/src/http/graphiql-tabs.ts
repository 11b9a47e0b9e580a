/** A tab that GraphiQL opens with. A variable `{{field.name}}` takes its value from the last answer to that root field. */
export interface Tab {
  readonly query: string;
  /** JSON. */
  readonly variables?: string;
}

const tab = (query: string, variables?: object): Tab => ({
  query: `${query.trim()}\n`,
  ...(variables && { variables: JSON.stringify(variables, null, 2) }),
});

const CREDENTIALS = { email: 'asha@example.com', password: 'correct horse' };

/** Prepared tabs: a customer registers, sells a product, orders it and watches the order. */
export const TABS: readonly Tab[] = [
  tab(
    `
# Bazaar in six tabs. Ctrl-Enter runs a tab.
# The variables below are ready to run.

mutation Register($input: RegisterInput!) {
  registerUser(input: $input) {
    id
    name
    email
  }
}`,
    { input: { name: 'Asha', ...CREDENTIALS } },
  ),
  tab(
    `
# The access token appears at the top.
# All tabs send it. It expires after 15 minutes:
# then run this tab again.

mutation LogIn($input: LoginInput!) {
  loginUser(input: $input) {
    accessToken
    refreshToken
  }
}`,
    { input: CREDENTIALS },
  ),
  tab(
    `
mutation CreateProduct($input: ProductInput!) {
  createProduct(input: $input) {
    id
    name
    price
    stock
  }
}`,
    { input: { name: 'Kettle', price: 29.99, description: '1.7 l', stock: 5 } },
  ),
  tab(
    `
# Orders the product that you created last.

mutation PlaceOrder($input: OrderInput!) {
  placeOrder(input: $input) {
    id
    status
    total
    items {
      quantity
      price
      product {
        name
      }
    }
  }
}`,
    { input: { items: [{ productId: '{{createProduct.id}}', quantity: 2 }] } },
  ),
  tab(`
# Runs until you stop it or change the tab.
# Press "New window" at the top, and place or
# cancel an order there: it appears here, live.

subscription WatchOrders {
  orderUpdated {
    id
    status
    cancelReason
    total
  }
}`),
  tab(
    `
# Cancels the order that you placed last.

mutation CancelOrder($id: ID!) {
  cancelOrder(id: $id) {
    id
    status
    cancelReason
  }
}`,
    { id: '{{placeOrder.id}}' },
  ),
];
