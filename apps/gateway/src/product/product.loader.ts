import type { ProductDto } from '@app/contracts';
import { Injectable } from '@nestjs/common';
import { LoaderById } from '../graphql/loader-by-id.js';
import { ProductCache } from './product.cache.js';

@Injectable()
export class ProductLoader extends LoaderById<ProductDto> {
  constructor(private readonly cache: ProductCache) {
    super();
  }

  protected getMany(ids: readonly string[]) {
    return this.cache.getMany(ids);
  }
}
