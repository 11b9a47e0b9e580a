import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
import { type DocumentNode, type FieldNode, getOperationAST, Kind, parse, print, valueFromASTUntyped } from 'graphql';
import { KEYED_MUTATIONS } from './api.js';

/** A document of this package, of GraphQL Code Generator or of gql.tada, or GraphQL as text. */
export type Document<Data, Variables> = DocumentTypeDecoration<Data, Variables> | DocumentNode | string;

/** Required if the operation has a variable that is. */
export type VariablesOf<Variables> =
  Record<string, never> extends Variables ? [variables?: Variables] : [variables: Variables];

/** What decides whether an operation can be repeated. */
export interface Operation {
  readonly query: string;
  readonly variables: object;
  readonly kind: 'query' | 'mutation' | 'subscription';
  /** Whether it selects one field. Several mutations run one after another, and the first may have succeeded. */
  readonly isSingle: boolean;
  /** Whether it is a mutation that takes an idempotency key. */
  readonly takesKey: boolean;
  /** Whether it has one. */
  readonly hasKey: boolean;
}

export function operationOf<Data, Variables>(document: Document<Data, Variables>, variables: object): Operation {
  const isAst = typeof document === 'object' && 'kind' in document;
  const query = isAst ? print(document as DocumentNode) : String(document);
  const unknown = { query, variables, kind: 'mutation', isSingle: false, takesKey: false, hasKey: false } as const;
  let operation;
  try {
    operation = getOperationAST(isAst ? (document as DocumentNode) : parse(query, { noLocation: true }));
  } catch {
    return unknown; // The API says what is wrong with it.
  }
  if (!operation) return unknown;
  const { operation: kind, selectionSet } = operation;
  const [first, ...others] = selectionSet.selections;
  const isSingle = first?.kind === Kind.FIELD && others.length === 0;
  const takesKey = kind === 'mutation' && isSingle && KEYED_MUTATIONS.includes(first.name.value);
  return { query, variables, kind, isSingle, takesKey, hasKey: takesKey && hasKey(first, variables) };
}

function hasKey({ arguments: given = [] }: FieldNode, variables: object): boolean {
  const values = given.map(({ name, value }) => [
    name.value,
    valueFromASTUntyped(value, variables as Record<string, unknown>),
  ]);
  const input = Object.fromEntries(values) as Record<string, { idempotencyKey?: unknown } | null>;
  return [input, ...Object.values(input)].some((each) => Boolean(each?.idempotencyKey));
}
