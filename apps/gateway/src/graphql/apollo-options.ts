import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { AppError } from '@app/contracts';
import { hasRoomForResponses } from '@app/platform';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { type DocumentNode, GraphQLError, OperationTypeNode } from 'graphql';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.js';
import { answerWithinBudget, limitAnswerBytes, stringifyWithin } from './limits/answer-budget.js';
import { reportCost, setRequestedCost } from './limits/cost-report.js';
import { DocumentCache } from '../cache/document-cache.js';
import { ErrorCodeEnum } from './errors/error-code.enum.js';
import { errorBehavior } from './errors/error-behavior.js';
import { formatError } from './errors/format-error.js';
import { limitOrderItems } from './limits/order-items-limit.js';
import { GRAPHQL_RESPONSE, mediaTypeFor } from '../http/media-type.js';
import { reportTruncation } from './limits/truncated-lists.js';
import { OperationTurns } from './limits/operation-turns.js';
import { answerCostOf } from './limits/operation-cost.js';
import {
  assertCost,
  fragmentsOf,
  limitRules,
  parseOptions,
  refusal,
  validationOptions,
} from './limits/operation-limits.js';

/** Errors in the variables of an operation, before coercion stops: each repeats the client's value. */
const MAX_VARIABLE_ERRORS = 5;

export const buildSchemaOptions = { orphanedTypes: [ErrorCodeEnum] };

/** GraphQL over HTTP: limits before execution, errors and status codes. */
export const apolloOptions = ({
  explorable,
  MAX_ANSWER_BYTES,
  MAX_UNSENT_BYTES,
}: GatewayConfig): ApolloDriverConfig => ({
  autoSchemaFile: true,
  sortSchema: true,
  buildSchemaOptions,
  transformSchema: (schema) => limitAnswerBytes(limitOrderItems(schema), MAX_ANSWER_BYTES),
  context: (req: FastifyRequest, reply: FastifyReply): Context => ({ req, reply }),
  parseOptions,
  validationRules: limitRules,
  validationOptions: validationOptions({ explorable }),
  executionOptions: { maxCoercionErrors: MAX_VARIABLE_ERRORS },
  // Plugins that read the answer come after the one that replaces it.
  plugins: [
    limitOperations(new OperationTurns(() => hasRoomForResponses(MAX_UNSENT_BYTES))) as ApolloServerPlugin,
    errorBehavior(MAX_VARIABLE_ERRORS),
    answerWithinBudget,
    reportTruncation,
    reportCost,
    statusAndHeaders,
    ApolloServerPluginCacheControlDisabled(),
  ],
  stringifyResult: stringifyWithin(MAX_ANSWER_BYTES),
  introspection: explorable,
  hideSchemaDetailsFromClientErrors: !explorable,
  graphiql: false, // see http/graphiql.ts, which works offline
  csrfPrevention: true,
  allowBatchedHttpRequests: false,
  persistedQueries: { cache: new DocumentCache<string>((source) => source.length) },
  documentStore: new DocumentCache<DocumentNode>(({ loc }) => loc?.end ?? Infinity),
  formatError,
  autoTransformHttpErrors: false,
  stopOnApplicationShutdown: true, // after requests in flight
  includeStacktraceInErrorResponses: false,
});

interface Context {
  readonly req: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Checks that need the operation and its variables, before execution. Expensive operations then wait for their turn. */
const limitOperations = (turns: OperationTurns): ApolloServerPlugin<Context> => ({
  async requestDidStart({ request }) {
    // Some clients send an empty name for none.
    request.operationName ||= undefined;
    let isOver = false;
    let endTurn = () => {};
    const end = () => {
      isOver = true;
      endTurn();
    };
    return {
      async didResolveOperation({ schema, document, operation, request, contextValue }) {
        if (operation?.operation === OperationTypeNode.SUBSCRIPTION)
          throw refusal(new AppError('BAD_REQUEST', 'Send subscriptions over the WebSocket at this path'));
        const { operationName, variables } = request;
        const cost = assertCost(schema, { document, operationName, variables });
        setRequestedCost(contextValue, cost);
        contextValue.reply.raw.once('close', end);
        const answerCost =
          operation?.operation === OperationTypeNode.MUTATION
            ? answerCostOf(schema, { operation, fragments: fragmentsOf(document), variables: variables ?? {} })
            : cost;
        endTurn = await turns.take(answerCost).catch((error: AppError) => {
          throw unavailable(error);
        });
        // Another check has refused the operation, or the client has left.
        if (isOver) endTurn();
      },
      async willSendResponse() {
        // The next operation begins once this answer counts as unsent.
        setImmediate(end);
      },
    };
  },
});

const unavailable = (originalError: AppError) =>
  new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 503 } } });

/**
 * A well-formed request that GraphQL refuses has status 400 as `application/graphql-response+json`, and 200 as
 * `application/json`; Apollo sends 400 for both.
 * @see https://graphql.github.io/graphql-over-http/draft/#sec-Status-Codes
 */
const statusAndHeaders: ApolloServerPlugin = {
  async requestDidStart() {
    return {
      async willSendResponse({ request, response: { http, body } }) {
        // Apollo's own plugin for this visits every field of an answer.
        http.headers.set('cache-control', 'no-store');
        const errors = (body?.kind === 'single' && body.singleResult.errors) || [];
        const retryAfter = Math.max(0, ...errors.map(({ extensions }) => Number(extensions?.retryAfter) || 0));
        if (retryAfter > 0) http.headers.set('retry-after', String(retryAfter));
        if (http.status !== 400) return;
        const mediaType = mediaTypeFor(request.http?.headers.get('accept'));
        http.headers.set('content-type', mediaType);
        const isWellFormed = errors.every(({ extensions }) => extensions?.code !== 'BAD_REQUEST');
        if (isWellFormed && mediaType !== GRAPHQL_RESPONSE) http.status = 200;
      },
    };
  },
};
