import type { ApolloServerPlugin } from '@apollo/server';
import { AppError } from '@app/contracts';
import {
  defaultFieldResolver,
  type GraphQLField,
  GraphQLError,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  isIntrospectionType,
  isLeafType,
  isNonNullType,
  isObjectType,
  getNamedType,
} from 'graphql';
import { formatError } from '../errors/format-error.js';

/** The bytes of an error in an answer: its message, path, code and trace. */
const ERROR_BYTES = 512;
/** The quotes, the colon and the comma around a field. */
const PUNCTUATION_BYTES = 4;
const MAX_NUMBER_BYTES = 25;
/** Characters that JSON writes unchanged, in one byte each. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Counts the bytes of one answer. An answer over the budget is replaced by one error. */
class AnswerBudget {
  private spent = 0;
  /** Set once the answer is over the budget. */
  error: GraphQLError | undefined;

  constructor(private readonly limit: number) {}

  charge(bytes: number, { path }: GraphQLResolveInfo): void {
    this.spent += bytes + String(path.key).length + PUNCTUATION_BYTES;
    if (this.spent > this.limit) this.error ??= tooLarge(this.limit, this.spent);
  }
}

/** By the context of an operation; each update of a subscription has its own context. */
const budgets = new WeakMap<object, AnswerBudget>();

/** Counts the bytes of an answer during its execution, and skips the remaining resolvers once there are too many. */
export function limitAnswerBytes(schema: GraphQLSchema, limit: number): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) && !isIntrospectionType(type) && type !== schema.getSubscriptionType())
      for (const field of Object.values(type.getFields())) chargeFor(field, limit);
  return schema;
}

function chargeFor(field: GraphQLField<unknown, object>, limit: number): void {
  const { resolve = defaultFieldResolver, type } = field;
  const isLeaf = isLeafType(getNamedType(type));
  const isNullable = !isNonNullType(type);
  const charged = (value: unknown, budget: AnswerBudget, info: GraphQLResolveInfo) => {
    budget.charge(isLeaf ? bytesOf(value) : 0, info);
    return value;
  };
  const failed = (error: unknown, budget: AnswerBudget, info: GraphQLResolveInfo) => {
    budget.charge(ERROR_BYTES, info);
    if (budget.error && isNullable) return null;
    throw error;
  };

  field.resolve = (source, args, context, info) => {
    const budget = budgetOf(context, limit);
    // The answer is not sent, so nothing more is read for it. An error would only be collected.
    if (budget.error && isNullable) return null;
    try {
      const value: unknown = resolve(source, args, context, info);
      if (!(value instanceof Promise)) return charged(value, budget, info);
      return value.then(
        (resolved) => charged(resolved, budget, info),
        (error: unknown) => failed(error, budget, info),
      );
    } catch (error) {
      return failed(error, budget, info);
    }
  };
}

/** Sets the limit of one operation, before its execution, in place of the schema's limit. */
export function setAnswerLimit(context: object, limit: number): void {
  budgets.set(context, new AnswerBudget(limit));
}

function budgetOf(context: object, limit: number): AnswerBudget {
  let budget = budgets.get(context);
  if (!budget) budgets.set(context, (budget = new AnswerBudget(limit)));
  return budget;
}

/** The bytes of a leaf value in JSON. */
function bytesOf(value: unknown): number {
  if (typeof value === 'number') return MAX_NUMBER_BYTES;
  if (typeof value !== 'string') return value === undefined ? 4 : Buffer.byteLength(JSON.stringify(value));
  return PLAIN.test(value) ? value.length + 2 : Buffer.byteLength(JSON.stringify(value));
}

/** The error of an operation whose answer exceeded the budget during execution. */
export const budgetError = (context: object): GraphQLError | undefined => budgets.get(context)?.error;

/** Replaces an answer over the budget by one error. */
export const answerWithinBudget: ApolloServerPlugin<object> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response }) {
        const error = budgetError(contextValue);
        if (error) response.body = { kind: 'single', singleResult: { ...answerOf(error) } };
      },
    };
  },
};

/**
 * Serializes an answer, and checks its actual size: the budget does not count introspection, `__typename` and GraphQL's own
 * errors.
 */
export const stringifyWithin =
  (limit: number) =>
  (result: object): string => {
    const text = JSON.stringify(result);
    const bytes = Buffer.byteLength(text);
    return bytes > limit ? JSON.stringify(answerOf(tooLarge(limit, bytes))) : text;
  };

const answerOf = (error: GraphQLError) => ({ errors: [formatError(error.toJSON(), error)], data: null });

function tooLarge(limit: number, actual: number): GraphQLError {
  const message = `The answer is larger than ${limit} bytes: select fewer rows or fields`;
  return new GraphQLError(message, {
    originalError: new AppError('OPERATION_TOO_COMPLEX', message, { limit, actual }),
  });
}
