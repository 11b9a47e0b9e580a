import type { ApolloServerPlugin, GraphQLRequestContext, GraphQLRequestListener } from '@apollo/server';
import { type ErrorCode, failureWith } from '@app/contracts';
import { addToScope, describeSpan, failSpan } from '@app/telemetry';
import { Plugin } from '@nestjs/apollo';
import { Kind, type OperationDefinitionNode, OperationTypeNode } from 'graphql';
import { Counter, Histogram } from 'prom-client';

const operationDuration = new Histogram({
  name: 'bazaar_graphql_operation_duration_seconds',
  help: 'Duration of operations, by the root field and the code of the first error, or OK; of a subscription until it is active',
  labelNames: ['service', 'operation', 'type', 'outcome'] as const,
  buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

const errors = new Counter({
  name: 'bazaar_graphql_errors_total',
  help: 'Errors in answers to clients, by code',
  labelNames: ['service', 'code'] as const,
});

const service = 'gateway';

/** @param startedAt from `performance.now()` */
export function measureOperation(
  operation: OperationDefinitionNode | null | undefined,
  codes: readonly string[],
  startedAt: number,
): void {
  for (const code of codes) errors.inc({ service, code });
  const labels = { service, operation: fieldOf(operation), type: operation?.operation ?? 'unknown' };
  operationDuration.observe({ ...labels, outcome: codes[0] ?? 'OK' }, (performance.now() - startedAt) / 1000);
}

/** Measures and describes a query that GraphQL did not execute. @param startedAt from `performance.now()` */
export function measureAnswer(field: string, startedAt: number): void {
  describe(OperationTypeNode.QUERY, field);
  const labels = { service, operation: field, type: OperationTypeNode.QUERY, outcome: 'OK' };
  operationDuration.observe(labels, (performance.now() - startedAt) / 1000);
}

/** Measures each operation over HTTP. Labels are names of the schema, never of the client, so that their number is bounded. */
@Plugin()
export class OperationMetrics implements ApolloServerPlugin {
  async requestDidStart(): Promise<GraphQLRequestListener<object>> {
    const began = performance.now();
    return {
      didResolveOperation: async ({ operation }) => describeOperation(operation),
      willSendResponse: async ({ operation, response }: GraphQLRequestContext<object>) => {
        const { body } = response;
        const codes = (body?.kind === 'single' && body.singleResult.errors ? body.singleResult.errors : []).map(
          ({ extensions }) => extensions?.code as ErrorCode,
        );
        measureOperation(operation, codes, began);
        if (codes[0]) failSpan(failureWith(codes[0]));
      },
    };
  }
}

/** Clients choose the names of operations. */
const MAX_NAME_LENGTH = 64;

/** Adds the operation to the log scope and the trace. */
export function describeOperation(operation: OperationDefinitionNode | undefined): void {
  if (operation) describe(operation.operation, fieldOf(operation), operation.name?.value);
}

function describe(type: OperationTypeNode, field: string, name?: string): void {
  addToScope({ pattern: field });
  describeSpan(`${type} ${field}`, {
    'graphql.operation.type': type,
    ...(name !== undefined && { 'graphql.operation.name': name.slice(0, MAX_NAME_LENGTH) }),
  });
}

/** The root field, `multiple`, or `none`: Apollo sets the operation only after validation. */
export function fieldOf(operation: OperationDefinitionNode | null | undefined): string {
  if (!operation) return 'none';
  const [selection, ...others] = operation.selectionSet.selections;
  return selection?.kind === Kind.FIELD && others.length === 0 ? selection.name.value : 'multiple';
}
