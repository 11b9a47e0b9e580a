import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { type ProductCardFragment, ProductsDocument, type ProductsQuery } from './__generated__/operations.ts';

/** Sends an operation. The document gives its variables and its data their types. */
async function request<Data, Variables>(
  url: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].extensions.code, { cause: errors });
  return data;
}

/** All products with these words, from the cheapest. */
export async function* findProducts(url: string, search: string): AsyncGenerator<ProductCardFragment> {
  let after: string | null = null;
  do {
    const { productConnection }: ProductsQuery = await request(url, ProductsDocument, {
      filter: { search },
      sort: 'PRICE_ASC',
      first: 50,
      after,
    });
    for (const { node } of productConnection.edges) yield node;
    after = productConnection.pageInfo.hasNextPage ? productConnection.pageInfo.endCursor : null;
  } while (after !== null);
}
