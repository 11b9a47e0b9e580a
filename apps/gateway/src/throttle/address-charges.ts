import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import { type AppError } from '@app/contracts';
import { Plugin } from '@nestjs/apollo';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError } from 'graphql';
import { fragmentsOf } from '../graphql/limits/operation-limits.js';
import { chargeOf, chargeOfDocument } from './operation-charge.js';
import { clientOf, RateLimits } from './rate-limits.js';

interface Operation {
  readonly req: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Charges what an operation costs to the address that it comes from, whoever is signed in there, before any of it runs. */
@Plugin()
export class AddressCharges implements ApolloServerPlugin<Operation> {
  constructor(private readonly limits: RateLimits) {}

  async requestDidStart(): Promise<GraphQLRequestListener<Operation>> {
    let forDocument = 0;
    const charge = async ({ req, reply }: Operation, amount: number) =>
      this.limits.charge([{ limit: 'address-cost', client: clientOf(req.ip), amount }], reply);
    return {
      // What was run before is not parsed again.
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
      // It was not run, since it is not valid: that was work, too, and the answer says so already.
      didEncounterErrors: async ({ operation, contextValue }) => {
        if (!operation) await charge(contextValue, forDocument).catch(() => {});
      },
    };
  }
}

const rateLimited = (originalError: AppError) =>
  new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 429 } } });
