import { graphql, useLazyLoadQuery, usePaginationFragment } from 'react-relay';
import type { products_query$key } from './__generated__/products_query.graphql';
import type { ProductsPageQuery } from './__generated__/ProductsPageQuery.graphql';
import type { ProductsQuery } from './__generated__/ProductsQuery.graphql';

const PAGE_SIZE = 20;

/** Products with these words, from the cheapest. */
export function useProducts(search: string) {
  const query = useLazyLoadQuery<ProductsQuery>(
    graphql`
      query ProductsQuery($filter: ProductFilter) {
        ...products_query @arguments(filter: $filter)
      }
    `,
    { filter: { search } },
  );
  const { data, hasNext, hasPrevious, loadNext, loadPrevious } = usePaginationFragment<
    ProductsPageQuery,
    products_query$key
  >(
    graphql`
      fragment products_query on Query
      @argumentDefinitions(
        first: { type: "Int", defaultValue: 20 }
        after: { type: "String" }
        last: { type: "Int" }
        before: { type: "String" }
        filter: { type: "ProductFilter" }
      )
      @refetchable(queryName: "ProductsPageQuery") {
        productConnection(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: PRICE_ASC)
          @connection(key: "products_productConnection") {
          edges {
            node {
              id
              ...product_product
            }
          }
        }
      }
    `,
    query,
  );
  return {
    products: data.productConnection.edges.map(({ node }) => node),
    next: hasNext ? () => loadNext(PAGE_SIZE) : undefined,
    previous: hasPrevious ? () => loadPrevious(PAGE_SIZE) : undefined,
  };
}
