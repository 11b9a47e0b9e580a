import { AppError, type OrderInput } from '@app/contracts';
import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

/** As much of GraphQL's context as is looked at. */
export interface Operation {
  req: { headers: { 'idempotency-key'?: string } };
}

/** A string of structured fields: printable ASCII in quotes, where `"` and `\` have a `\` before them. */
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])+)"$/;
const BARE = /^[\w.:~+/=-]+$/;
const MOST_CHARACTERS = 255;

/**
 * The order with the key of the header `Idempotency-Key` where it has none of its own.
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 * @throws AppError BAD_USER_INPUT, also where the order has another key, or where the operation has several fields that place
 * an order, before any of them has: one header can name one order.
 */
export function withIdempotencyKey(input: OrderInput, { req }: Operation, field: GraphQLResolveInfo): OrderInput {
  const header = req.headers['idempotency-key'];
  if (header === undefined) return input;
  const idempotencyKey = keyIn(header);
  if (timesSelected(field) > 1)
    throw refusal('The header Idempotency-Key is for one order: give each of several an idempotencyKey instead');
  if (input.idempotencyKey && input.idempotencyKey !== idempotencyKey)
    throw refusal('The header Idempotency-Key and idempotencyKey must not differ');
  return { ...input, idempotencyKey };
}

/** Quoted, as the draft has it, or bare, as many clients write it. */
function keyIn(header: string): string {
  const key = QUOTED.exec(header)?.[1]?.replace(/\\(.)/g, '$1') ?? BARE.exec(header)?.[0];
  if (key === undefined || key.length > MOST_CHARACTERS)
    throw refusal(`The header Idempotency-Key must be a quoted string of 1 to ${MOST_CHARACTERS} characters`);
  return key;
}

/** How many fields of the operation's root are this one, under whatever aliases. */
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
