import { graphql, useRefetchableFragment } from 'react-relay';
import type { product_product$key } from './__generated__/product_product.graphql';
import type { ProductRefetchQuery } from './__generated__/ProductRefetchQuery.graphql';

/** A product, and a function that reads it again by its id, to show the stock of now. */
export function useProduct(product: product_product$key) {
  const [data, refetch] = useRefetchableFragment<ProductRefetchQuery, product_product$key>(
    graphql`
      fragment product_product on Product @refetchable(queryName: "ProductRefetchQuery") {
        name
        description
        price
        stock
        seller {
          name
        }
      }
    `,
    product,
  );
  return { ...data, readAgain: () => refetch({}, { fetchPolicy: 'network-only' }) };
}
