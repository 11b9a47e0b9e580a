import { Field, ID, InterfaceType } from '@nestjs/graphql';

/**
 * What `node` and `nodes` can return.
 * @see https://relay.dev/graphql/objectidentification.htm
 */
@InterfaceType('Node', {
  description: 'An object with a globally unique id.',
  resolveType: ({ __typename }: { __typename?: string }) => __typename,
})
export abstract class Node {
  @Field(() => ID, { description: 'The id, unique among all types.' }) id: string;
}
