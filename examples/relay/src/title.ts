import { graphql, useRefetchableFragment } from 'react-relay';
import type { title_node$key } from './__generated__/title_node.graphql';
import type { TitleRefetchQuery } from './__generated__/TitleRefetchQuery.graphql';

/** The title of a page about anything that has an id. */
export function useTitle(node: title_node$key) {
  const [data, refetch] = useRefetchableFragment<TitleRefetchQuery, title_node$key>(
    graphql`
      fragment title_node on Node @refetchable(queryName: "TitleRefetchQuery") {
        __typename
        id
        ... on Product {
          name
        }
        ... on User {
          name
        }
        ... on Order {
          createdAt
        }
      }
    `,
    node,
  );
  const title = data.name ?? `${data.__typename} of ${data.createdAt}`;
  return { title, readAgain: () => refetch({}, { fetchPolicy: 'network-only' }) };
}
