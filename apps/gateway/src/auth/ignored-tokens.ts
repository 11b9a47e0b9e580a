import type { ApolloServerPlugin, GraphQLRequestListener } from '@apollo/server';
import type { AuthenticatedRequest } from '@app/auth';
import { Plugin } from '@nestjs/apollo';

interface Operation {
  readonly req: AuthenticatedRequest;
}

/** Reports in `extensions.authentication` that the operation was executed without the caller of its token, and why. */
@Plugin()
export class IgnoredTokens implements ApolloServerPlugin<Operation> {
  async requestDidStart(): Promise<GraphQLRequestListener<Operation>> {
    return {
      willSendResponse: async ({ contextValue: { req }, response: { body } }) => {
        if (!req.ignoredToken || body.kind !== 'single') return;
        const { code, message } = req.ignoredToken;
        const authentication = { status: 'ignored', code, message };
        body.singleResult.extensions = { ...body.singleResult.extensions, authentication };
      },
    };
  }
}
