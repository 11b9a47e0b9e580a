import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient, type Client as SocketClient } from 'graphql-ws';
import { from, mergeMap, of } from 'rxjs';
import type { Session } from './session.js';

/** Below this, a socket connects with a new token. */
const MIN_LEFT_MS = 30_000;

export function createApolloClient(session: Session): ApolloClient {
  const sockets = new GraphQLWsLink(createSocketClient(session));
  const http = ApolloLink.from([authentication(session), new HttpLink({ uri: session.url })]);
  return new ApolloClient({
    link: ApolloLink.split(({ operationType }) => operationType === 'subscription', sockets, http),
    cache: new InMemoryCache({
      possibleTypes: { Node: ['Order', 'Product', 'User'] },
      typePolicies: {
        Query: {
          fields: {
            productConnection: relayStylePagination(['filter', 'sort']),
            orderConnection: relayStylePagination(['filter']),
          },
        },
      },
    }),
  });
}

/** The code of an error that the API has returned. The others are of the network. */
export const codeOf = (error: unknown): unknown =>
  CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions?.code : undefined;

/** Sends the access token. If it is not valid, refreshes it and repeats the operation. */
function authentication(session: Session): ApolloLink {
  return new ApolloLink((operation, forward) => {
    let token: string | null;
    const send = () => {
      token = session.accessToken;
      const authorization = token === null ? undefined : { authorization: `Bearer ${token}` };
      operation.setContext(({ headers }) => ({ headers: { ...headers, ...authorization } }));
      return forward(operation);
    };
    return send().pipe(
      mergeMap((result) => {
        if (!isUnauthenticated(result, operation)) return of(result);
        return from(session.refresh(token)).pipe(mergeMap((isRefreshed) => (isRefreshed ? send() : of(result))));
      }),
    );
  });
}

/** Public queries ignore a token that is not valid, and say so. Public mutations have been executed, so they are not repeated. */
function isUnauthenticated(
  { errors, extensions }: ApolloLink.Result,
  { operationType }: ApolloLink.Operation,
): boolean {
  const ignored = operationType === 'query' && (extensions?.authentication as { code: string } | undefined);
  return [...(errors ?? []).map((error) => error.extensions), ignored].some(
    (details) => details && details.code === 'UNAUTHENTICATED',
  );
}

function createSocketClient(session: Session): SocketClient {
  let isExpired = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  return createClient({
    url: session.url.replace(/^http/, 'ws'),
    connectionParams: async () => {
      if (isExpired || session.millisecondsLeft < MIN_LEFT_MS) await session.refresh(session.accessToken);
      isExpired = false;
      return session.accessToken ? { Authorization: `Bearer ${session.accessToken}` } : {};
    },
    on: {
      // Reconnects before the token expires, so that later subscriptions have a valid one too.
      connected: (socket) => {
        const close = () => (socket as WebSocket).close(4403, 'The token expires');
        timer = setTimeout(close, Math.max(session.millisecondsLeft - MIN_LEFT_MS, MIN_LEFT_MS));
      },
      closed: (event) => {
        clearTimeout(timer);
        isExpired = (event as CloseEvent).code === 4403;
      },
    },
  });
}
