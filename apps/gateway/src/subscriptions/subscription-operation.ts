import { AppError, type ErrorCode, failureOf, failureWith } from '@app/contracts';
import { currentScope, failSpan, runAsSpan } from '@app/telemetry';
import {
  createSourceEventStream,
  type DocumentNode,
  execute,
  type ExecutionArgs,
  type ExecutionResult,
  getOperationAST,
  type GraphQLError,
  type GraphQLSchema,
  OperationTypeNode,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import type { GatewayConfig } from '../config.js';
import { budgetError, setAnswerLimit } from '../graphql/limits/answer-budget.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { codeOf } from '../graphql/errors/format-error.js';
import { describeOperation } from '../graphql/operation-metrics.js';
import {
  assertCost,
  limitRules,
  parseOptions,
  refusal,
  validationOptions,
} from '../graphql/limits/operation-limits.js';

/** An order with all fields of its items, products, sellers and customer costs a third; one change causes many updates. */
const MAX_COST_OF_AN_UPDATE = 1_000;
/**
 * The largest update. One change causes an update for each subscription to it, and all of them may wait for slow clients. An order
 * of 100 items with the longest names takes 100 KiB.
 */
const MAX_UPDATE_BYTES = 256 * 1024;

/** A valid subscription. */
export interface Subscription extends ExecutionArgs {
  readonly maxUpdateBytes: number;
  /** Whether an update reads more than its order: it then loads up to megabytes from other services. */
  readonly loads: boolean;
}

/** A subscription of a client. */
export interface SubscriptionArgs extends Subscription {
  /** Calls `execute` when the update has its turn. */
  readonly inTurn: <T>(execute: () => Promise<T>) => Promise<T>;
}

/** Parses and validates a subscription, within the limits of every operation. Returns its execution arguments or its errors. */
export function subscriptionOf(
  schema: GraphQLSchema,
  { query, operationName: name, variables }: SubscribePayload,
  { explorable, MAX_ANSWER_BYTES }: GatewayConfig,
): Subscription | readonly GraphQLError[] {
  // Some clients send an empty name for none.
  const operationName = name || undefined;
  let document: DocumentNode;
  try {
    document = parse(query, parseOptions);
  } catch (error) {
    return coded([error as GraphQLError], 'GRAPHQL_PARSE_FAILED');
  }
  const operation = getOperationAST(document, operationName);
  if (!operation)
    return [
      refusal(
        new AppError(
          'OPERATION_RESOLUTION_FAILURE',
          'The document has no operation of that name, or several and none was named',
        ),
      ),
    ];
  // Operations over HTTP have other rules: CSRF protection, status codes.
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
    const message = `Only subscriptions are allowed here; send a ${operation.operation} over HTTP`;
    return [refusal(new AppError('BAD_REQUEST', message))];
  }
  const options = validationOptions({ explorable });
  const errors = validate(schema, document, [...specifiedRules, ...limitRules], options);
  if (errors.length > 0) return coded(errors, 'GRAPHQL_VALIDATION_FAILED');
  describeOperation(operation);
  let cost: number;
  try {
    cost = assertCost(schema, { document, operationName, variables }, MAX_COST_OF_AN_UPDATE);
  } catch (error) {
    return [error as GraphQLError];
  }
  return {
    schema,
    document,
    operationName,
    variableValues: variables,
    hideSuggestions: options.hideSuggestions,
    maxUpdateBytes: Math.min(MAX_ANSWER_BYTES, MAX_UPDATE_BYTES),
    loads: cost >= RESOLVER_COMPLEXITY,
  };
}

/** Adds the code that GraphQL's own errors lack. */
function coded(errors: readonly GraphQLError[], code: ErrorCode): readonly GraphQLError[] {
  for (const { originalError, extensions } of errors) if (!originalError) extensions.code = code;
  return errors;
}

/** The value that the source of a subscription yields. */
export interface Update {
  /** Of the event: the reads for the update belong to its trace. */
  readonly traceparent: string | undefined;
}

/** Like GraphQL's own `subscribe`, but each update has its own context, and so its own loaders and budget. */
export async function subscribe(args: SubscriptionArgs): Promise<Updates | ExecutionResult> {
  const events = await createSourceEventStream(args);
  return Symbol.asyncIterator in events
    ? new Updates(events[Symbol.asyncIterator]() as AsyncIterator<Update>, args)
    : events;
}

class Updates implements AsyncIterableIterator<ExecutionResult> {
  private hasEnded = false;

  constructor(
    private readonly events: AsyncIterator<Update>,
    private readonly args: SubscriptionArgs,
  ) {}

  async next(): Promise<IteratorResult<ExecutionResult>> {
    const { done, value } = await this.events.next();
    if (done) return { done, value: undefined };
    const execute = () =>
      runAsSpan(value.traceparent, { name: 'update', failureOf }, () => this.executeFor(value), currentScope());
    const result = await this.args.inTurn(async () => (this.hasEnded ? undefined : execute()));
    return result && !this.hasEnded ? { done: false, value: result } : { done: true, value: undefined };
  }

  private async executeFor(update: Update): Promise<ExecutionResult> {
    const { document, operationName, maxUpdateBytes } = this.args;
    describeOperation(getOperationAST(document, operationName) ?? undefined);
    const contextValue = { ...(this.args.contextValue as object) };
    setAnswerLimit(contextValue, maxUpdateBytes);
    const executed = await execute({ ...this.args, rootValue: update, contextValue });
    const tooLarge = budgetError(contextValue);
    const result = tooLarge ? { errors: [tooLarge], data: null } : executed;
    if (result.errors?.[0]) failSpan(failureWith(codeOf(result.errors[0])));
    return result;
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    this.hasEnded = true;
    await this.events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
