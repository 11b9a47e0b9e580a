import { GraphQLScalarType } from 'graphql';

/** Services and clients exchange instants as ISO 8601 strings, so the scalar passes them through unparsed. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'An ISO 8601 instant in UTC, such as `2026-01-31T12:00:00.000Z`.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
});
