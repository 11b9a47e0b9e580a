import { AppError } from '@app/contracts';
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** The part of GraphQL's context that is used here. */
export interface Operation {
  req: { headers: { 'idempotency-key'?: string } };
}

/** A string of RFC 9651: printable ASCII in quotes, with `"` and `\` escaped by a `\`. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/;
const BARE = /^[\w.:~+/=-]+$/;
const MAX_CHARACTERS = 255;

/**
 * Adds the key of the header `Idempotency-Key` to the input of a mutation without a key.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 * @throws AppError BAD_USER_INPUT, also if the input has a different key, or if the operation selects the mutation several times
 * (then before the first runs).
 */
export function withIdempotencyKey<I extends { idempotencyKey?: string | null }>(
  input: I,
  { req }: Operation,
  field: GraphQLResolveInfo,
): I {
  const header = req.headers['idempotency-key'];
  if (header === undefined) return input;
  const idempotencyKey = keyIn(header);
  if (timesSelected(field) > 1)
    throw refusal(`The header Idempotency-Key is for one ${field.fieldName}; for several, set idempotencyKey in each`);
  if (input.idempotencyKey && input.idempotencyKey !== idempotencyKey)
    throw refusal('The header Idempotency-Key and idempotencyKey must not differ');
  return { ...input, idempotencyKey };
}

/** A string of RFC 9651, as in the draft, or the key without quotes, as many clients send it. */
function keyIn(header: string): string {
  const key = QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? BARE.exec(header)?.[0];
  if (key === undefined || key.length > MAX_CHARACTERS)
    throw refusal(
      `The header Idempotency-Key must have 1 to ${MAX_CHARACTERS} characters: printable ASCII in double quotes, or only ` +
        'letters, digits and _.:~+/=- without quotes',
    );
  return key;
}

/** How often the operation selects this root field, under any alias. */
function timesSelected({ operation, fragments, fieldName }: GraphQLResolveInfo): number {
  const aliases = new Set<string>();
  const seen = new Set<SelectionSetNode>();
  const collect = (set: SelectionSetNode | undefined) => {
    if (!set || seen.has(set)) return;
    seen.add(set);
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (selection.kind === Kind.FRAGMENT_SPREAD) collect(fragments[selection.name.value]?.selectionSet);
      else if (selection.name.value === fieldName) aliases.add(selection.alias?.value ?? fieldName);
    }
  };
  collect(operation.selectionSet);
  return aliases.size;
}

const refusal = (message: string) => new AppError('BAD_USER_INPUT', message, { fields: { idempotencyKey: [message] } });
