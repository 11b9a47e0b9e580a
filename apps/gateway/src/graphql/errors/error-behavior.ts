import { type ApolloServerPlugin, type GraphQLRequest, HeaderMap } from '@apollo/server';
import { AppError } from '@app/contracts';
import { MapperKind, mapSchema } from '@graphql-tools/utils';
import { execute, type GraphQLOutputType, type GraphQLSchema, GraphQLList, isListType, isNonNullType } from 'graphql';
import { refusal } from '../limits/operation-limits.js';
import { formatError } from './format-error.js';

/**
 * The request parameter `onError`. By default an error of a non-null field makes its parent null. With "NULL" only the field
 * itself becomes null, so that the rest of a query answers while one service is unavailable.
 * @see https://github.com/graphql/graphql-spec/pull/1236
 */
export function errorBehavior(maxCoercionErrors: number): ApolloServerPlugin<object> {
  const nullable = new WeakMap<GraphQLSchema, GraphQLSchema>();
  const nullableOf = (schema: GraphQLSchema) => {
    let found = nullable.get(schema);
    if (!found) nullable.set(schema, (found = withoutNonNull(schema)));
    return found;
  };
  return {
    async requestDidStart() {
      let nullOnError = false;
      return {
        async didResolveOperation({ request }) {
          nullOnError = isNullOnError(request);
        },
        async responseForOperation({ schema, document, operationName, request, contextValue }) {
          if (!nullOnError) return null;
          const { data, errors } = await execute({
            schema: nullableOf(schema),
            document,
            operationName,
            variableValues: request.variables,
            contextValue,
            options: { maxCoercionErrors },
          });
          const formatted = errors?.map((error) => formatError(error.toJSON(), error));
          const singleResult = { ...(formatted && { errors: formatted }), ...(data !== undefined && { data }) };
          // Without data, GraphQL has refused the variables.
          const status = data === undefined ? 400 : undefined;
          return { body: { kind: 'single', singleResult }, http: { status, headers: new HeaderMap() } };
        },
      };
    },
  };
}

/** Clients that cannot set a parameter of their own put it into `extensions`. */
function isNullOnError({ http, extensions }: GraphQLRequest): boolean {
  const body = http?.body as { onError?: unknown } | undefined;
  const onError = body?.onError ?? extensions?.onError ?? 'PROPAGATE';
  if (onError === 'NULL' || onError === 'PROPAGATE') return onError === 'NULL';
  throw refusal(new AppError('BAD_REQUEST', 'onError must be "NULL" or "PROPAGATE"'));
}

const withoutNonNull = (schema: GraphQLSchema): GraphQLSchema =>
  mapSchema(schema, {
    [MapperKind.OBJECT_FIELD]: (field) => ({ ...field, type: nullableType(field.type) }),
    [MapperKind.INTERFACE_FIELD]: (field) => ({ ...field, type: nullableType(field.type) }),
  });

function nullableType(type: GraphQLOutputType): GraphQLOutputType {
  if (isNonNullType(type)) return nullableType(type.ofType as GraphQLOutputType);
  return isListType(type) ? new GraphQLList(nullableType(type.ofType as GraphQLOutputType)) : type;
}
