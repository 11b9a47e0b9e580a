import type { FragmentDefinitionNode, GraphQLSchema, OperationDefinitionNode, SelectionNode } from 'graphql';
import { costOf } from '../graphql/limits/operation-cost.js';
import { MAX_COST } from '../graphql/limits/operation-limits.js';

/** The cost of receiving, checking and answering any operation. */
const BASE = 500;
/** In place of the weight of a mutation, which limits the number in one operation. Logins have a limit of their own. */
const MUTATION_CHARGE = 5_000;
/** For parsing and validating a character of a document. */
const COST_OF_CHARACTER = 4;
const MAX_DOCUMENT_CHARGE = 10_000;

interface Known {
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variableValues: Readonly<Record<string, unknown>>;
}

/** The charge for these selections of an operation. An operation over MAX_COST is refused, and charged only the base. */
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

/** The charge for a document that is not in the document cache. */
export const chargeOfDocument = (source: string): number =>
  BASE + Math.min(MAX_DOCUMENT_CHARGE, COST_OF_CHARACTER * source.length);
