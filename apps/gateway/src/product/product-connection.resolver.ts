import { Public } from '@app/auth';
import { type Page, ProductConnection, type ProductDto, type ProductFilter, ProductPageArgs } from '@app/contracts';
import { Args, Int, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { TOTAL_COUNT_COMPLEXITY } from '../graphql/limits/complexity.js';
import { ProductCache } from './product.cache.js';

/** A page, and the filter that `totalCount` needs. */
type FilteredPage = Page<ProductDto> & { filter: ProductFilter };

@Resolver(() => ProductConnection)
export class ProductConnectionResolver {
  constructor(private readonly cache: ProductCache) {}

  @Query(() => ProductConnection, { description: 'Public. Answers may be up to one second old.' })
  @Public()
  async productConnection(@Args() page: ProductPageArgs): Promise<FilteredPage> {
    return { ...(await this.cache.page(page)), filter: page.filter ?? {} };
  }

  @ResolveField(() => Int, {
    description: 'The number of rows that match the filter. Expensive: it counts all of them.',
    complexity: TOTAL_COUNT_COMPLEXITY,
  })
  totalCount(@Parent() { filter }: FilteredPage): Promise<number> {
    return this.cache.count(filter);
  }
}
