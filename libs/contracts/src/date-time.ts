import { GraphQLScalarType } from 'graphql';

/** Instants travel as ISO 8601 strings between services and to the client alike: nothing is parsed on the way out. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'ISO 8601 instant in UTC.',
});
