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

/** An order of 100 lines, written out, takes 850. What is left over is for people: tools send variables. */
const MAX_TOKENS = 1_000;
const MAX_DEPTH = 12;
const MAX_ALIASES = 30;
/** An answer repeats an alias for each of its rows. */
const MAX_ALIAS_LENGTH = 100;
const MAX_DIRECTIVES = 30;
/** To see whether they agree, GraphQL compares each with each, and what is below them too. */
const MAX_REPEATS = 30;
/** An order of 100 lines has 200. GraphQL repeats all of them in each of fifty errors. */
const MAX_VARIABLE_FIELDS = 1_000;
/** 1000 orders with all there is of their items, products, sellers and customers cost 340,000. */
export const MAX_COST = 350_000;

/** For whatever parses a document that came from outside: what is longer is not even read to its end. */
export const parseOptions: ParseOptions = { maxTokens: MAX_TOKENS };

/** For whatever validates such a document, beside GraphQL's own rules: it is refused for how it is written alone. */
export const limitRules: ValidationRule[] = [LimitsOfTheDocument];

interface RequestedOperation {
  readonly document: DocumentNode;
  readonly operationName?: string | null;
  /** As they came. */
  readonly variables?: Readonly<Record<string, unknown>> | null;
}

/**
 * For whatever is about to run an operation: what it costs depends on its variables, and so is looked at each time.
 * @throws GraphQLError OPERATION_TOO_COMPLEX. One that does not exist costs nothing: running it says so.
 */
export function assertCost(
  schema: GraphQLSchema,
  { document, operationName, variables }: RequestedOperation,
  most = MAX_COST,
): void {
  const operation = getOperationAST(document, operationName);
  if (!operation) return;
  const fields = fieldsIn(variables);
  if (fields > MAX_VARIABLE_FIELDS)
    throw refusal(tooComplex('number of fields in variables', MAX_VARIABLE_FIELDS, fields));
  const cost = costOf(schema, { operation, fragments: fragmentsOf(document), variables: variables ?? {} });
  if (cost > most) throw refusal(tooComplex('cost', most, cost));
}

/** Of all objects in there, however deep; without recursion, since depth is the caller's. */
function fieldsIn(variables: unknown): number {
  let count = 0;
  const left = [variables];
  while (left.length > 0) {
    const value = left.pop();
    if (typeof value !== 'object' || value === null) continue;
    const children = Object.values(value);
    if (!Array.isArray(value)) count += children.length;
    for (const child of children) left.push(child);
  }
  return count;
}

/** Whether a document could not be parsed for its length, and not for its grammar. */
export function parseLimitFault({ message }: Error): AppError | undefined {
  if (!/more th\w+ \d+ tokens/.test(message)) return undefined;
  return new AppError('OPERATION_TOO_COMPLEX', `The document has more than ${MAX_TOKENS} tokens`, {
    limit: MAX_TOKENS,
  });
}

/** As GraphQL's own libraries throw: of a request that is well-formed and refused all the same. */
export const refusal = (originalError: AppError) =>
  new GraphQLError(originalError.message, { originalError, extensions: { http: { status: 400 } } });

function LimitsOfTheDocument(context: Parameters<ValidationRule>[0]): ReturnType<ValidationRule> {
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
      // Without the document, no other rule looks at what is in it: some take their time.
      return isRefused ? null : undefined;
    },
  };
}

/** As they are written: each place of an answer takes a fragment's fields once, however often it is spread there. */
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

/** How often the field that is asked for most often at one place is; fragments of a type are all at one place. */
function repeatsOf(document: DocumentNode): number {
  interface Place {
    times: number;
    readonly fields: Map<string, Place>;
  }
  const newPlace = (): Place => ({ times: 0, fields: new Map() });
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
      most = Math.max(most, ++field.times);
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

/** The deepest operation's, through fragments; what asks for the schema has a rule of GraphQL's own. */
function depthOf(document: DocumentNode): number {
  const fragments = fragmentsOf(document);
  const known = new Map<string, number>();

  const ofFragment = (name: string): number => {
    const depth = known.get(name);
    if (depth !== undefined) return depth;
    known.set(name, 0); // ends circles
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
  // A fragment may be named as objects have something by nature.
  const none = Object.create(null) as Record<string, FragmentDefinitionNode>;
  return Object.assign(none, Object.fromEntries(fragments.map((fragment) => [fragment.name.value, fragment])));
}

export function tooComplex(what: string, limit: number, actual: number): AppError {
  const message = `The operation has a ${what} of ${actual}; at most ${limit} is allowed`;
  return new AppError('OPERATION_TOO_COMPLEX', message, { limit, actual });
}
