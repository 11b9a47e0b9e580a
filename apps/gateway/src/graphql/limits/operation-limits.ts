import { AppError } from '@app/contracts';
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  getOperationAST,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type ParseOptions,
  type SelectionSetNode,
  type ValidationRule,
  visit,
} from 'graphql';
import { costOf } from './operation-cost.js';

/** An order of 100 lines without variables has 850 tokens. */
const MAX_TOKENS = 1_000;
const MAX_DEPTH = 12;
const MAX_ALIASES = 30;
/** In characters: an answer repeats an alias for each of its rows. */
const MAX_ALIAS_LENGTH = 100;
const MAX_DIRECTIVES = 30;
/** GraphQL compares each pair of fields with the same name, and the fields below them. */
const MAX_REPEATS = 30;
/** An order of 100 lines has 200. GraphQL repeats the whole variable in each error about it. */
const MAX_VARIABLE_FIELDS = 1_000;
/** Making an error costs more than the check that finds it. */
const MAX_VALIDATION_ERRORS = 5;
/** 1000 orders with all fields of their items, products, sellers and customers cost 340,000. */
export const MAX_COST = 350_000;

/** For every parser of a client's document: parsing stops at the limit. */
export const parseOptions: ParseOptions = { maxTokens: MAX_TOKENS };

/** For every validation of a client's document, in addition to GraphQL's own rules: limits that do not depend on variables. */
export const limitRules: ValidationRule[] = [DocumentLimits];

/** Suggestions for misspelled names describe the schema. */
export const validationOptions = ({ explorable }: { explorable: boolean }) => ({
  maxErrors: MAX_VALIDATION_ERRORS,
  hideSuggestions: !explorable,
});

interface RequestedOperation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  /** As the client sent them. */
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/**
 * Call this before each execution, since the cost depends on the variables.
 * @returns the cost.
 * @throws GraphQLError OPERATION_TOO_COMPLEX. An operation that does not exist passes, and its execution fails.
 */
export function assertCost(
  schema: GraphQLSchema,
  { document, operationName, variables }: RequestedOperation,
  maxCost = MAX_COST,
): number {
  const operation = getOperationAST(document, operationName);
  if (!operation) return 0;
  const fields = fieldsIn(variables);
  if (fields > MAX_VARIABLE_FIELDS)
    throw refusal(tooComplex('number of fields in variables', MAX_VARIABLE_FIELDS, fields));
  const cost = costOf(schema, { operation, fragments: fragmentsOf(document), variables: variables ?? {} });
  if (cost > maxCost) throw refusal(tooComplex('cost', maxCost, cost));
  return cost;
}

/** The fields of all objects in the variables, at any depth; without recursion, since the client chooses the depth. */
function fieldsIn(variables: unknown): number {
  let count = 0;
  const pending = [variables];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    const children = Object.values(value);
    if (!Array.isArray(value)) count += children.length;
    for (const child of children) pending.push(child);
  }
  return count;
}

/** The error of a document with too many tokens; undefined for any other syntax error. */
export function tokenLimitError({ message }: Error): AppError | undefined {
  if (!/more th\w+ \d+ tokens/.test(message)) return undefined;
  return new AppError('OPERATION_TOO_COMPLEX', `The document has more than ${MAX_TOKENS} tokens`, {
    limit: MAX_TOKENS,
  });
}

/** An error for a well-formed request that the gateway refuses, with status 400. */
export const refusal = (originalError: AppError) =>
  new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 400 } } });

function DocumentLimits(context: Parameters<ValidationRule>[0]): ReturnType<ValidationRule> {
  return {
    Document(document) {
      let isRefused = false;
      const refuse = (what: string, limit: number, actual: number) => {
        if (actual <= limit) return;
        isRefused = true;
        context.reportError(refusal(tooComplex(what, limit, actual)));
      };
      const { aliases, longestAlias, directives } = countsOf(document);
      refuse('depth', MAX_DEPTH, depthOf(document));
      refuse('number of aliases', MAX_ALIASES, aliases);
      refuse('length of an alias', MAX_ALIAS_LENGTH, longestAlias);
      refuse('number of directives', MAX_DIRECTIVES, directives);
      refuse('number of repeats of a field', MAX_REPEATS, repeatsOf(document));
      // Skips the other rules, some of which are slow.
      return isRefused ? null : undefined;
    },
  };
}

/** Counts each fragment once: an answer has its fields once, however often it is spread at one place. */
function countsOf(document: DocumentNode) {
  const counts = { aliases: 0, longestAlias: 0, directives: 0 };
  visit(document, {
    Field({ alias }) {
      if (!alias) return;
      counts.aliases++;
      counts.longestAlias = Math.max(counts.longestAlias, alias.value.length);
    },
    Directive() {
      counts.directives++;
    },
  });
  return counts;
}

/** The highest number of selections of one field at one place; all fragments on a type count as one place. */
function repeatsOf(document: DocumentNode): number {
  interface Place {
    count: number;
    readonly fields: Map<string, Place>;
  }
  const newPlace = (): Place => ({ count: 0, fields: new Map() });
  const placeIn = ({ fields }: Place, name: string): Place => {
    const place = fields.get(name) ?? newPlace();
    fields.set(name, place);
    return place;
  };
  let most = 0;
  const visitAll = ({ selections }: SelectionSetNode, place: Place): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) visitAll(selection.selectionSet, place);
      if (selection.kind !== Kind.FIELD) continue;
      const field = placeIn(place, (selection.alias ?? selection.name).value);
      most = Math.max(most, ++field.count);
      if (selection.selectionSet) visitAll(selection.selectionSet, field);
    }
  };
  const types = newPlace();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) visitAll(definition.selectionSet, newPlace());
    if (definition.kind === Kind.FRAGMENT_DEFINITION)
      visitAll(definition.selectionSet, placeIn(types, definition.typeCondition.name.value));
  }
  return most;
}

/** The depth of the deepest operation, through fragments. Introspection is excluded: GraphQL has a rule for it. */
function depthOf(document: DocumentNode): number {
  const fragments = fragmentsOf(document);
  const known = new Map<string, number>();

  const ofFragment = (name: string): number => {
    const depth = known.get(name);
    if (depth !== undefined) return depth;
    known.set(name, 0); // ends cycles
    const fragment = fragments[name];
    const found = fragment ? ofSelections(fragment.selectionSet) : 0;
    known.set(name, found);
    return found;
  };
  const ofSelections = ({ selections }: SelectionSetNode): number =>
    Math.max(
      ...selections.map((selection) => {
        if (selection.kind === Kind.FRAGMENT_SPREAD) return ofFragment(selection.name.value);
        if (selection.kind === Kind.INLINE_FRAGMENT) return ofSelections(selection.selectionSet);
        const { name, selectionSet } = selection;
        return selectionSet && !name.value.startsWith('__') ? 1 + ofSelections(selectionSet) : 1;
      }),
    );

  return Math.max(
    0,
    ...document.definitions.map((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION ? ofSelections(definition.selectionSet) : 0,
    ),
  );
}

export function fragmentsOf({ definitions }: DocumentNode): Record<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  // Without a prototype, since a fragment may be named `constructor`.
  const empty = Object.create(null) as Record<string, FragmentDefinitionNode>;
  return Object.assign(empty, Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment])));
}

export function tooComplex(what: string, limit: number, actual: number): AppError {
  const message = `The operation has a ${what} of ${actual}; at most ${limit} is allowed`;
  return new AppError('OPERATION_TOO_COMPLEX', message, { limit, actual });
}
