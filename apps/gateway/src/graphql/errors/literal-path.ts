import { BREAK, type DocumentNode, type GraphQLError, Kind, type Location, parse, type Source, visit } from 'graphql';

const SCALAR_LITERALS = new Set<string>([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.ENUM,
  Kind.NULL,
  Kind.LIST,
]);

/** The path of the literal that GraphQL refused, `input.items.0.quantity`; undefined for any other error. */
export function pathOfLiteral(error: GraphQLError): string | undefined {
  const literal = error.nodes?.[0];
  if (!literal?.loc || !SCALAR_LITERALS.has(literal.kind)) return undefined;
  const { loc } = literal;
  const path: (string | number)[] = [];
  visit(documentOf(loc.source), {
    enter(node) {
      if (node.loc && !covers(node.loc, loc)) return false;
      if (node.kind === Kind.VARIABLE_DEFINITION) path.push(`$${node.variable.name.value}`);
      if (node.kind === Kind.ARGUMENT || node.kind === Kind.OBJECT_FIELD) path.push(node.name.value);
      if (node.kind === literal.kind && sameSpan(node.loc, loc)) return BREAK;
      if (node.kind === Kind.LIST) path.push(node.values.findIndex((item) => item.loc && covers(item.loc, loc)));
      return undefined;
    },
  });
  return path.join('.') || undefined;
}

/** A document may have a hundred such literals, and is parsed once. */
const parsed = new WeakMap<Source, DocumentNode>();

function documentOf(source: Source): DocumentNode {
  const document = parsed.get(source) ?? parse(source);
  parsed.set(source, document);
  return document;
}

const covers = (outer: Location, inner: Location) => outer.start <= inner.start && inner.end <= outer.end;
const sameSpan = (one: Location | undefined, other: Location) => one?.start === other.start && one.end === other.end;
