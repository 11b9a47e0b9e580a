import { GraphQLError, GraphQLScalarType } from 'graphql';

/** Instants travel as ISO 8601 strings between services and to the client alike: nothing is parsed on the way out. */
export const DateTime = new GraphQLScalarType<string, string>({
  name: 'DateTime',
  description: 'ISO 8601 instant in UTC.',
  serialize: (value) => (value instanceof Date ? value.toISOString() : String(value)),
  parseValue(value) {
    const instant = new Date(String(value));
    if (Number.isNaN(instant.getTime())) throw new GraphQLError('DateTime must be an ISO 8601 instant');
    return instant.toISOString();
  },
});
