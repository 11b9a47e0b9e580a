import { DEFAULT_PAGE, MAX_LIST } from '@app/contracts';
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

/** Estimated rows of the lists of introspection. A list of the API declares its own, `@Extensions({ rows })`, or counts as MAX_LIST. */
const INTROSPECTION_ROWS: Record<string, number> = {
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

/** A mutation without a `complexity`: transactions, events, and their effects in other services. One operation has room for 14. */
const MUTATION_WEIGHT = 24_000;

type Field = GraphQLField<unknown, unknown>;

interface Requested {
  readonly operation: OperationDefinitionNode;
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>;
  readonly variables: Readonly<Record<string, unknown>>;
}

interface Overrides {
  /** The actual rows of lists. */
  readonly rows?: ReadonlyMap<Field, number>;
  /** The weight of every mutation. */
  readonly mutationWeight?: number;
}

/** The cost of a selection: once, and for each row that the client requests of the connection above it. */
interface Cost {
  once: number;
  perRow: number;
}

/**
 * The highest cost of an operation: 1 for each field of its answer, or the field's `complexity`, times the rows of the lists
 * around it. Visits each selection once, however often its fragment is spread; cycles of fragments end.
 */
export const costOf = (schema: GraphQLSchema, requested: Requested, overrides: Overrides = {}): number =>
  new CostWalk(schema, requested, overrides).cost();

/** The cost of the answer to a mutation, without its work in the services. */
export const answerCostOf = (schema: GraphQLSchema, mutation: Requested): number =>
  costOf(schema, mutation, { mutationWeight: 1 });

class CostWalk {
  private readonly known = new Map<string, Cost>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly requested: Requested,
    private readonly overrides: Overrides,
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
    // A cycle counts nothing: validation rejects it.
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
    const weight = this.weightOf(parent, field);
    if (!field || !node.selectionSet) return { once: weight, perRow: 0 };
    const { once, perRow } = this.ofSelections(getNamedType(field.type), node.selectionSet);
    const hasPages = field.args.some(({ name }) => name === 'first');
    const below = once + perRow * (hasPages ? this.requestedRows(node) : 1);
    if (parent?.name.endsWith('Connection') && node.name.value === 'edges') return { once: 0, perRow: weight + below };
    return { once: this.rowsOf(parent, field, node) * (weight + below), perRow: 0 };
  }

  private weightOf(parent: GraphQLNamedType | null | undefined, field: Field | undefined): number {
    const isMutation = parent !== undefined && parent === this.schema.getMutationType();
    if (isMutation && this.overrides.mutationWeight !== undefined) return this.overrides.mutationWeight;
    return (field?.extensions.complexity as number | undefined) ?? (isMutation ? MUTATION_WEIGHT : 1);
  }

  private rowsOf(parent: GraphQLNamedType | null | undefined, field: Field, node: FieldNode): number {
    if (!isListType(getNullableType(field.type))) return 1;
    if (field.args.some(({ name }) => name === 'ids')) return this.requestedIds(node);
    const declared = field.extensions.rows as number | undefined;
    return (
      this.overrides.rows?.get(field) ?? declared ?? INTROSPECTION_ROWS[`${parent?.name}.${field.name}`] ?? MAX_LIST
    );
  }

  private definitionOf(parent: GraphQLNamedType | null | undefined, name: string): Field | undefined {
    if (name === SchemaMetaFieldDef.name) return SchemaMetaFieldDef;
    if (name === TypeMetaFieldDef.name) return TypeMetaFieldDef;
    return isCompositeType(parent) && !isUnionType(parent) ? parent.getFields()[name] : undefined;
  }

  /** An invalid `first` or `last` counts as 1; validation of the arguments rejects it later. */
  private requestedRows(node: FieldNode): number {
    const requested = this.argumentOf(node, 'first') ?? this.argumentOf(node, 'last') ?? DEFAULT_PAGE;
    return Math.max(1, Number(requested) || 1);
  }

  private requestedIds(node: FieldNode): number {
    const ids = this.argumentOf(node, 'ids');
    return Array.isArray(ids) ? ids.length : 1;
  }

  private argumentOf(node: FieldNode, name: string): unknown {
    return this.valueOf(node.arguments?.find((argument) => argument.name.value === name)?.value);
  }

  private valueOf(node: ValueNode | undefined): unknown {
    if (node?.kind === Kind.INT) return node.value;
    if (node?.kind === Kind.LIST) return node.values;
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
