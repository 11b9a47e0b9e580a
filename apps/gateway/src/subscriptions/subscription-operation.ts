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
import { budgetError } from '../graphql/limits/answer-budget.js';
import { codeOf } from '../graphql/errors/format-error.js';
import { describeOperation } from '../graphql/operation-metrics.js';
import { assertCost, limitRules, parseOptions, refusal } from '../graphql/limits/operation-limits.js';

/** An order with all there is of its items, products, sellers and customer costs a third of it; one change makes many updates. */
const MAX_COST_OF_AN_UPDATE = 1_000;

/** What a client subscribes to, ready to be run, within the limits that hold for every operation; or why it is refused. */
export function subscriptionOf(
  schema: GraphQLSchema,
  { query, operationName, variables }: SubscribePayload,
  { explorable }: GatewayConfig,
): ExecutionArgs | readonly GraphQLError[] {
  let document: DocumentNode;
  try {
    document = parse(query, parseOptions);
  } catch (error) {
    return coded([error as GraphQLError], 'GRAPHQL_PARSE_FAILED');
  }
  const operation = getOperationAST(document, operationName);
  if (!operation)
    return [refusal(new AppError('OPERATION_RESOLUTION_FAILURE', 'There is no such operation, or none is named'))];
  // Over HTTP they have rules of their own.
  if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
    const message = `Only subscriptions are answered here: send a ${operation.operation} by HTTP`;
    return [refusal(new AppError('BAD_REQUEST', message))];
  }
  const hideSuggestions = !explorable;
  const faults = validate(schema, document, [...specifiedRules, ...limitRules], { hideSuggestions });
  if (faults.length > 0) return coded(faults, 'GRAPHQL_VALIDATION_FAILED');
  describeOperation(operation);
  try {
    assertCost(schema, { document, operationName, variables }, MAX_COST_OF_AN_UPDATE);
  } catch (error) {
    return [error as GraphQLError];
  }
  return { schema, document, operationName, variableValues: variables, hideSuggestions };
}

/** GraphQL's own errors have no code. */
function coded(errors: readonly GraphQLError[], code: ErrorCode): readonly GraphQLError[] {
  for (const { originalError, extensions } of errors) if (!originalError) extensions.code = code;
  return errors;
}

/** What the source of a subscription yields. */
export interface Update {
  /** Of what has caused it: what is read for the update belongs to that trace. */
  readonly traceparent: string | undefined;
}

/** As GraphQL's own `subscribe`; but each update is an operation of its own, whose loaders begin afresh. */
export async function subscribe(args: ExecutionArgs): Promise<Updates | ExecutionResult> {
  const events = await createSourceEventStream(args);
  return Symbol.asyncIterator in events
    ? new Updates(events[Symbol.asyncIterator]() as AsyncIterator<Update>, args)
    : events;
}

class Updates implements AsyncIterableIterator<ExecutionResult> {
  constructor(
    private readonly events: AsyncIterator<Update>,
    private readonly args: ExecutionArgs,
  ) {}

  async next(): Promise<IteratorResult<ExecutionResult>> {
    const { done, value } = await this.events.next();
    if (done) return { done, value: undefined };
    const result = await runAsSpan(
      value.traceparent,
      { name: 'update', failureOf },
      () => this.tell(value),
      currentScope(),
    );
    return { done: false, value: result };
  }

  private async tell(update: Update): Promise<ExecutionResult> {
    const { document, operationName } = this.args;
    describeOperation(getOperationAST(document, operationName) ?? undefined);
    const contextValue = { ...(this.args.contextValue as object) };
    const executed = await execute({ ...this.args, rootValue: update, contextValue });
    const tooLarge = budgetError(contextValue);
    const result = tooLarge ? { errors: [tooLarge], data: null } : executed;
    if (result.errors?.[0]) failSpan(failureWith(codeOf(result.errors[0])));
    return result;
  }

  async return(): Promise<IteratorResult<ExecutionResult>> {
    await this.events.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}
