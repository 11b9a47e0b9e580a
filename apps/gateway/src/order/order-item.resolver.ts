import { OrderItemDto, ProductDto } from '@app/contracts';
import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { ProductLoader } from '../product/product.loader.js';

@Resolver(() => OrderItemDto)
export class OrderItemResolver {
  constructor(private readonly products: ProductLoader) {}

  @ResolveField(() => ProductDto, {
    nullable: true,
    description: 'The product as it is now. Null if it has been deleted.',
    complexity: RESOLVER_COMPLEXITY,
  })
  product(@Parent() { productId }: OrderItemDto, @Context() operation: object): Promise<ProductDto | null> {
    return this.products.load(operation, productId);
  }
}
