import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { type AppError } from '@app/contracts';
import { Plugin } from '@nestjs/apollo';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, Kind, type OperationDefinitionNode } from 'graphql';
import { codeOf } from '../graphql/errors/format-error.js';
import { fragmentsOf } from '../graphql/limits/operation-limits.js';
import { chargeOf, chargeOfDocument } from './operation-charge.js';
import { clientOf, RateLimits } from './rate-limits.js';

interface Operation {
  readonly req: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Charges the cost of an operation to its client address, for all users there, before it is executed. */
@Plugin()
export class AddressCharges implements ApolloServerPlugin<Operation> {
  constructor(private readonly limits: RateLimits) {}

  async requestDidStart(): Promise<GraphQLRequestListener<Operation>> {
    let forDocument = 0;
    const charge = async ({ req, reply }: Operation, amount: number) =>
      this.limits.charge([{ limit: 'address-cost', client: clientOf(req.ip), amount }], reply);
    return {
      // Not called for a document in the document cache.
      parsingDidStart: async ({ source }) => {
        forDocument = chargeOfDocument(source ?? '');
      },
      didResolveOperation: async ({ schema, document, operation, request, contextValue }) => {
        const { variables = {} } = request;
        const { selections } = operation?.selectionSet ?? { selections: [] };
        const forRunning = operation
          ? chargeOf(schema, operation, selections, { fragments: fragmentsOf(document), variableValues: variables })
          : 0;
        await charge(contextValue, forDocument + forRunning).catch((error: AppError) => {
          throw rateLimited(error);
        });
      },
      // An invalid document is charged too; the answer has its errors already.
      didEncounterErrors: async ({ operation, contextValue }) => {
        if (!operation) await charge(contextValue, forDocument).catch(() => {});
      },
      willSendResponse: async ({ operation, errors = [], response }) => {
        if (operation && isRefusedWhole(operation, errors)) response.http.status = 429;
      },
    };
  }
}

/** Whether each root field was refused, so that nothing was run. */
const isRefusedWhole = ({ selectionSet: { selections } }: OperationDefinitionNode, errors: readonly GraphQLError[]) =>
  errors.length === selections.length &&
  selections.every(({ kind }) => kind === Kind.FIELD) &&
  errors.every((error) => error.path?.length === 1 && codeOf(error) === 'RATE_LIMITED');

const rateLimited = (originalError: AppError) =>
  new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 429 } } });
