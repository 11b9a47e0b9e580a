import type { FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, SelectionNode } from 'graphql';
import { costOf } from '../graphql/limits/operation-cost.js';
import { MAX_COST } from '../graphql/limits/operation-limits.js';

/** What any operation costs to be received, checked and answered, whatever it asks for. */
const BASE = 500;
/** A mutation weighs so that one operation has room for few; in a minute there is room for many. Logins have a limit of their own. */
const MUTATION_CHARGE = 5_000;
/** To parse and validate a character of a document, up to as many tokens as there may be. */
const COST_OF_CHARACTER = 4;
const MAX_DOCUMENT_CHARGE = 10_000;

interface Known {
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variableValues: Readonly<Record<string, unknown>>;
}

/** What these selections of an operation are charged for. One that costs too much to be run is charged for being refused. */
export function chargeOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  selections: readonly SelectionNode[],
  { fragments, variableValues: variables }: Known,
): number {
  const selected = { ...operation, selectionSet: { ...operation.selectionSet, selections } };
  const requested = { operation: selected, fragments, variables };
  const cost = costOf(schema, requested, { mutationWeight: MUTATION_CHARGE });
  return BASE + (cost > MAX_COST ? 0 : Math.ceil(cost));
}

/** What a document is charged for that was not known. */
export const chargeOfDocument = (source: string): number =>
  BASE + Math.min(MAX_DOCUMENT_CHARGE, COST_OF_CHARACTER * source.length);
