import {
  type FragmentDefinitionNode,
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';

/**
 * Fields that are the same for every caller and change only with the products. An answer that consists of them is a public one.
 * All other fields are private: add a field only if both are true of it.
 */
export const PUBLIC_FIELDS: Readonly<Record<string, readonly string[]>> = {
  Query: ['product', 'productConnection', 'products'],
  Product: ['id', 'name', 'price', 'description', 'stock', 'createdAt', 'updatedAt'],
  ProductConnection: ['edges', 'pageInfo', 'totalCount'],
  ProductEdge: ['cursor', 'node'],
  PageInfo: ['endCursor', 'hasNextPage', 'hasPreviousPage', 'startCursor'],
};

/** Whether the answer to a valid operation is the same for every caller until a product changes. */
export function isPublic(
  schema: GraphQLSchema,
  { operation, selectionSet }: OperationDefinitionNode,
  fragments: Readonly<Record<string, FragmentDefinitionNode>>,
): boolean {
  // Each fragment once: fragments that spread others twice would take exponential time.
  const checked = new Set<string>();
  const arePublic = ({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined): boolean =>
    selections.every((selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const { name, selectionSet, typeCondition } = fragments[selection.name.value]!;
        if (checked.has(name.value)) return true;
        checked.add(name.value);
        return arePublic(selectionSet, schema.getType(typeCondition.name.value));
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const { selectionSet, typeCondition } = selection;
        return arePublic(selectionSet, typeCondition ? schema.getType(typeCondition.name.value) : type);
      }
      const field = selection.name.value;
      if (field === '__typename') return true;
      if (!isObjectType(type) || !PUBLIC_FIELDS[type.name]?.includes(field)) return false;
      const fieldType = getNamedType(type.getFields()[field]!.type);
      return !selection.selectionSet || arePublic(selection.selectionSet, fieldType);
    });
  return operation === OperationTypeNode.QUERY && arePublic(selectionSet, schema.getQueryType() ?? undefined);
}
