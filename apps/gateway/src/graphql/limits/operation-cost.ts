import { MAX_ADDRESS, MAX_BIO, MAX_CURSOR, MAX_DESCRIPTION, MAX_LIST } from '@app/contracts';
import {
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isListType,
  isUnionType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  type ValueNode,
} from 'graphql';

/** How many rows a list is taken to have where that is not MAX_LIST, the most that any has which is not named here. */
const ROWS: Record<string, number> = {
  'Order.items': 2,
  '__Schema.types': 60,
  '__Schema.directives': 6,
  '__Type.fields': 8,
  '__Type.inputFields': 4,
  '__Type.enumValues': 6,
  '__Type.interfaces': 1,
  '__Type.possibleTypes': 1,
  '__Field.args': 2,
  '__Directive.args': 2,
  '__Directive.locations': 6,
};

/** The fields whose text may take more than BYTES_OF_ONE. */
const MAX_BYTES: Record<string, number> = {
  'Product.description': 4 * MAX_DESCRIPTION,
  'Profile.bio': 4 * MAX_BIO,
  'Profile.shippingAddress': 4 * MAX_ADDRESS,
  'Order.shippingAddress': 4 * MAX_ADDRESS,
  'ProductEdge.cursor': MAX_CURSOR,
  'PageInfo.startCursor': MAX_CURSOR,
  'PageInfo.endCursor': MAX_CURSOR,
};
/** A cost of one is worth so many bytes of an answer; text has up to four bytes a character. */
const BYTES_OF_ONE = 1_000;

/** What costs more than the one that every other field does. A resolver of ours takes as long as many fields without. */
const WEIGHTS: Record<string, number> = {
  ...Object.fromEntries(Object.entries(MAX_BYTES).map(([field, bytes]) => [field, Math.ceil(bytes / BYTES_OF_ONE)])),
  'Product.seller': 20,
  'OrderItem.product': 20,
  'Order.user': 20,
  'User.email': 20,
  'User.profile': 20,
  // Counts every row.
  'UserConnection.totalCount': 3_000,
  'ProductConnection.totalCount': 3_000,
  'OrderConnection.totalCount': 3_000,
  // Hash a password, which is slow by intent.
  'Mutation.registerUser': 120_000,
  'Mutation.loginUser': 120_000,
  'Mutation.changePassword': 120_000,
};

/** Every other mutation: transactions, events, and what they set off in other services. One operation has room for 14. */
const MUTATION_WEIGHT = 24_000;

interface Requested {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface Known {
  /** How many rows lists have, where that is known better than by the table. */
  readonly rows?: Record<string, number>;
  /** What each mutation costs, in place of its own weight. */
  readonly mutationWeight?: number;
}

/** What a selection costs once, and what it costs for each row that the connection above it is asked for. */
interface Cost {
  once: number;
  perRow: number;
}

/**
 * What an operation costs at most: one for each field of its answer, long texts by their bytes, lists by their rows. Each selection is visited
 * once, however often its fragment is spread, and fragments in circles end.
 */
export const costOf = (schema: GraphQLSchema, requested: Requested, known: Known = {}): number =>
  new CostWalk(schema, requested, { ...ROWS, ...known.rows }, known.mutationWeight).cost();

class CostWalk {
  private readonly known = new Map<string, Cost>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly requested: Requested,
    private readonly rows: Readonly<Record<string, number>>,
    private readonly mutationWeight: number | undefined,
  ) {}

  cost(): number {
    const { operation, selectionSet } = this.requested.operation;
    return Math.min(this.ofSelections(this.schema.getRootType(operation), selectionSet).once, Number.MAX_SAFE_INTEGER);
  }

  private ofSelections(type: GraphQLNamedType | null | undefined, { selections }: SelectionSetNode): Cost {
    const sum = { once: 0, perRow: 0 };
    for (const selection of selections) {
      const { once, perRow } =
        selection.kind === Kind.FIELD
          ? this.ofField(type, selection)
          : selection.kind === Kind.FRAGMENT_SPREAD
            ? this.ofFragment(selection.name.value)
            : this.ofSelections(this.typeOn(selection.typeCondition?.name.value) ?? type, selection.selectionSet);
      sum.once += once;
      sum.perRow += perRow;
    }
    return sum;
  }

  private ofFragment(name: string): Cost {
    const known = this.known.get(name);
    if (known) return known;
    // What a circle comes back to counts nothing: validation refuses it.
    this.known.set(name, { once: 0, perRow: 0 });
    const fragment = this.requested.fragments[name];
    const cost = fragment
      ? this.ofSelections(this.typeOn(fragment.typeCondition.name.value), fragment.selectionSet)
      : { once: 0, perRow: 0 };
    this.known.set(name, cost);
    return cost;
  }

  private ofField(parent: GraphQLNamedType | null | undefined, node: FieldNode): Cost {
    const field = this.definitionOf(parent, node.name.value);
    const name = `${parent?.name}.${node.name.value}`;
    const weight = this.weightOf(parent, name);
    if (!field || !node.selectionSet) return { once: weight, perRow: 0 };
    const { once, perRow } = this.ofSelections(getNamedType(field.type), node.selectionSet);
    const first = field.args.find((arg) => arg.name === 'first');
    const below = once + perRow * (first ? this.rowsAsked(node, first.defaultValue) : 1);
    if (parent?.name.endsWith('Connection') && node.name.value === 'edges') return { once: 0, perRow: weight + below };
    const rows = isListType(getNullableType(field.type)) ? (this.rows[name] ?? MAX_LIST) : 1;
    return { once: rows * (weight + below), perRow: 0 };
  }

  private weightOf(parent: GraphQLNamedType | null | undefined, name: string): number {
    const isMutation = parent !== undefined && parent === this.schema.getMutationType();
    if (isMutation && this.mutationWeight !== undefined) return this.mutationWeight;
    return WEIGHTS[name] ?? (isMutation ? MUTATION_WEIGHT : 1);
  }

  private definitionOf(
    parent: GraphQLNamedType | null | undefined,
    name: string,
  ): GraphQLField<unknown, unknown> | undefined {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return isCompositeType(parent) && !isUnionType(parent) ? parent.getFields()[name] : undefined;
  }

  /** What is no number of rows is refused later on, by those who know what is. */
  private rowsAsked(node: FieldNode, byDefault: unknown): number {
    const given = node.arguments?.find((argument) => argument.name.value === 'first');
    const asked = given ? this.valueOf(given.value) : undefined;
    return Math.max(1, Number(asked ?? byDefault) || 1);
  }

  private valueOf(node: ValueNode | undefined): unknown {
    if (node?.kind === Kind.INT) return node.value;
    if (node?.kind !== Kind.VARIABLE) return undefined;
    const name = node.name.value;
    const { operation, variables } = this.requested;
    if (Object.hasOwn(variables, name)) return variables[name];
    const definition = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name);
    return this.valueOf(definition?.defaultValue);
  }

  private typeOn(name: string | undefined): GraphQLNamedType | undefined {
    return name === undefined ? undefined : this.schema.getType(name);
  }
}
