import { CurrentUser, Public, SignedIn } from '@app/auth';
import {
  Caller,
  type ChangedProduct,
  type ProductClient,
  ProductDto,
  ProductInput,
  productNotFound,
  products,
  ProductUpdateInput,
  UserDto,
} from '@app/contracts';
import { InjectClient } from '@app/messaging';
import { Args, Context, Info, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { IdArgument } from '../graphql/id-argument.js';
import { type Operation, withIdempotencyKey } from '../graphql/idempotency-key.js';
import { RESOLVER_COMPLEXITY } from '../graphql/limits/complexity.js';
import { withinListLimit } from '../graphql/limits/truncated-lists.js';
import { UserLoader } from '../user/user.loader.js';
import { ProductCache } from './product.cache.js';
import { ProductLoader } from './product.loader.js';

@Resolver(() => ProductDto)
export class ProductResolver {
  constructor(
    @InjectClient(products) private readonly productService: ProductClient,
    private readonly cache: ProductCache,
    private readonly loader: ProductLoader,
    private readonly users: UserLoader,
  ) {}

  @Query(() => [ProductDto], {
    description:
      'Public. Answers may be up to one second old. The newest 1000; `extensions.truncated` says if there are more. ' +
      '`productConnection` has all of them, in pages.',
  })
  @Public()
  async products(@Context() operation: object, @Info() field: GraphQLResolveInfo): Promise<ProductDto[]> {
    return withinListLimit(operation, field, { rows: await this.cache.list(), connection: 'productConnection' });
  }

  @Query(() => ProductDto, { nullable: true, description: 'Public. Answers may be up to one second old.' })
  @Public()
  product(@IdArgument() id: string, @Context() operation: object): Promise<ProductDto | null> {
    return this.loader.load(operation, id);
  }

  @Mutation(() => ProductDto, {
    description: 'Requires an access token. The caller becomes the seller. Errors: BAD_USER_INPUT, UNAUTHENTICATED.',
  })
  @SignedIn()
  async createProduct(
    @Args('input', { description: 'The new product.' }) input: ProductInput,
    @CurrentUser() caller: Caller,
  ): Promise<ProductDto> {
    const product = await this.productService.create({ caller, product: input });
    await this.cache.changed();
    return product;
  }

  @Mutation(() => ProductDto, {
    description:
      'The seller and admins only. Errors: BAD_USER_INPUT, FORBIDDEN, PRODUCT_NOT_FOUND, STOCK_CHANGED, UNAUTHENTICATED.',
  })
  @SignedIn()
  async updateProduct(
    @IdArgument(productNotFound) id: string,
    @Args('input', { description: 'The changes.' }) input: ProductUpdateInput,
    @CurrentUser() caller: Caller,
  ): Promise<ProductDto> {
    return this.afterChange(await this.productService.update({ caller, id, changes: input }));
  }

  @Mutation(() => ProductDto, {
    description:
      'Adds units to the stock, or removes them. The way to restock: unlike a new value of `stock`, it loses no order that is placed meanwhile. The seller and admins only. Errors: BAD_USER_INPUT, FORBIDDEN, IDEMPOTENCY_KEY_REUSED, INSUFFICIENT_STOCK, PRODUCT_NOT_FOUND, UNAUTHENTICATED.',
  })
  @SignedIn()
  async adjustStock(
    @IdArgument(productNotFound, 'productId') productId: string,
    @Args('delta', {
      type: () => Int,
      description: 'The number of units to add, or to remove if it is negative. Not 0.',
    })
    delta: number,
    @Args('idempotencyKey', {
      type: () => String,
      nullable: true,
      description: 'Makes retries safe for 24 hours: a second call with the same key changes nothing.',
    })
    idempotencyKey: string | null | undefined,
    @Context() operation: Operation,
    @Info() field: GraphQLResolveInfo,
    @CurrentUser() caller: Caller,
  ): Promise<ProductDto> {
    const adjustment = withIdempotencyKey({ productId, delta, idempotencyKey }, operation, field);
    return this.afterChange(await this.productService.adjustStock({ caller, ...adjustment }));
  }

  @Mutation(() => ProductDto, {
    description:
      'The seller and admins only. Existing orders keep its id, name and price. Errors: FORBIDDEN, PRODUCT_NOT_FOUND, UNAUTHENTICATED.',
  })
  @SignedIn()
  async deleteProduct(@IdArgument(productNotFound) id: string, @CurrentUser() caller: Caller): Promise<ProductDto> {
    const product = await this.productService.delete({ caller, id });
    await this.cache.changed();
    return product;
  }

  private async afterChange({ changed, ...product }: ChangedProduct): Promise<ProductDto> {
    if (changed !== false) await this.cache.changed();
    return product;
  }

  @ResolveField(() => UserDto, {
    nullable: true,
    description: 'The user who created the product.',
    complexity: RESOLVER_COMPLEXITY,
  })
  seller(@Parent() { sellerId }: ProductDto, @Context() operation: object): Promise<UserDto | null> {
    return this.users.load(operation, sellerId);
  }
}
