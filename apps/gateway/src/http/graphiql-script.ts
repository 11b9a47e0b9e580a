import type { createClient, Sink } from 'graphql-ws';
import type { Tab } from './graphiql-tabs.js';

declare const YogaGraphiQL: { renderYogaGraphiQL(element: Element, properties: object): void };

type Variables = Record<string, unknown>;
type Headers = Record<string, string>;

interface Operation {
  readonly query: string;
  readonly operationName?: string | null;
  readonly variables?: Variables;
}

interface Answer {
  readonly data?: Record<string, unknown> | null;
}

/**
 * The script of GraphiQL's page. The page contains its source text, so it uses nothing outside of itself but types.
 *
 * Operations are sent over HTTP, subscriptions over WebSocket, both with the headers of their tab. The access token of a login goes
 * to the field at the top of the page, which all tabs share. It stays in the storage of the browser tab.
 */
export function startPage(tabs: readonly Tab[], connect: typeof createClient): void {
  const element = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
  const tokenField = element<HTMLInputElement>('token');
  const url = location.origin + location.pathname;

  const setToken = (token: string) => {
    tokenField.value = token;
    sessionStorage.setItem('bazaar:token', token);
  };
  setToken(sessionStorage.getItem('bazaar:token') ?? '');
  tokenField.addEventListener('input', () => setToken(tokenField.value.trim()));
  // A window that this one opens starts with a copy of its storage.
  element('new-window').addEventListener('click', () => void window.open(url));

  /** The last answer to each root field. */
  const answers = JSON.parse(sessionStorage.getItem('bazaar:answers') ?? '{}') as Record<string, Variables>;
  const remember = ({ data }: Answer) => {
    for (const [field, value] of Object.entries(data ?? {})) {
      if (field === 'logoutUser') setToken('');
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      const answer = value as Variables;
      answers[field] = answer;
      if (typeof answer.accessToken === 'string') setToken(answer.accessToken);
    }
    sessionStorage.setItem('bazaar:answers', JSON.stringify(answers));
  };

  const withAnswers = (variables: Variables = {}) =>
    JSON.parse(JSON.stringify(variables), (_, value: unknown) => {
      const [, field, name] = (typeof value === 'string' && /^\{\{(\w+)\.(\w+)\}\}$/.exec(value)) || [];
      if (field === undefined || name === undefined) return value;
      if (answers[field]?.[name] === undefined)
        throw new Error(`Run ${field} first, or replace ${String(value)} in the variables`);
      return answers[field][name];
    }) as Variables;

  const headersOf = (headers: Headers = {}): Headers => {
    const hasToken = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
    return tokenField.value && !hasToken ? { ...headers, Authorization: `Bearer ${tokenField.value}` } : headers;
  };

  const send = async (operation: Operation, headers: Headers) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { accept: 'application/json', 'content-type': 'application/json', ...headers },
      body: JSON.stringify(operation),
    });
    const answer = (await response.json()) as Answer;
    remember(answer);
    return answer;
  };

  const subscribe = (operation: Operation, connectionParams: Headers) => ({
    subscribe(observer: Sink) {
      const client = connect({ url: url.replace(/^http/, 'ws'), connectionParams, retryAttempts: 0 });
      const unsubscribe = client.subscribe(operation, {
        next: (answer) => observer.next(answer as never),
        complete: () => observer.complete(),
        error: (error) =>
          observer.error(error instanceof CloseEvent ? new Error(`${error.reason} (close code ${error.code})`) : error),
      });
      return { unsubscribe };
    },
  });

  const hasOperation = (query: string, keywords: string, name: string | null | undefined) =>
    new RegExp(`(^|\\})\\s*(${keywords})${name ? `\\s+${name}` : ''}\\b`).test(query.replaceAll(/#.*/g, ''));

  /** Just after a change of the tab, GraphiQL still has the name of an operation in the other tab. */
  const withOwnName = ({ operationName, ...operation }: Operation): Operation =>
    operationName && hasOperation(operation.query, 'query|mutation|subscription', operationName)
      ? { ...operation, operationName }
      : operation;

  const linkedQuery = new URLSearchParams(location.search).get('query');
  const stored = JSON.parse(sessionStorage.getItem('graphiql:tabState') ?? '{}') as {
    tabs?: Tab[];
    activeTabIndex?: number;
  };
  // GraphiQL itself would restore the query of the first tab only.
  const active = linkedQuery === null ? (stored.tabs ?? tabs)[stored.activeTabIndex ?? 0] : { query: linkedQuery };

  YogaGraphiQL.renderYogaGraphiQL(element('root'), {
    defaultTabs: tabs,
    initialQuery: active?.query,
    initialVariables: active?.variables,
    // Replaces the default, which writes the query into the address of the page.
    onEditQuery() {},
    shouldPersistHeaders: false,
    storage: sessionStorage,
    fetcher(given: Operation, { headers }: { headers?: Headers } = {}) {
      const operation = withOwnName({ ...given, variables: withAnswers(given.variables) });
      return hasOperation(operation.query, 'subscription', operation.operationName)
        ? subscribe(operation, headersOf(headers))
        : send(operation, headersOf(headers));
    },
  });
}
