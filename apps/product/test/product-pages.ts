import { ProductSort, type ProductClient, type ProductDto } from '@app/contracts';
import { expect } from '@jest/globals';

export const SORTS = Object.values(ProductSort);

/** Reads all pages and calls `between` after each but the last. */
export async function allPages(
  client: ProductClient,
  args: Partial<Parameters<ProductClient['page']>[0]>,
  between?: (page: ProductDto[]) => Promise<unknown>,
): Promise<ProductDto[]> {
  const seen: ProductDto[] = [];
  for (let after: string | null = null; ;) {
    const { edges, pageInfo } = await client.page({ sort: ProductSort.NEWEST, first: 20, ...args, after });
    expect(pageInfo).toEqual({
      hasNextPage: expect.any(Boolean),
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    });
    const page = edges.map(({ node }) => node);
    seen.push(...page);
    if (!pageInfo.hasNextPage) return seen;
    expect(pageInfo.endCursor).not.toBe(after);
    after = pageInfo.endCursor;
    await between?.(page);
  }
}

export const names = (list: ProductDto[]) => list.map(({ name }) => name);

const compare = (a: string | number, b: string | number) => (a < b ? -1 : Number(a > b));
/** By code point, which is the order of UTF-8 bytes. */
const compareText = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const byId = (a: ProductDto, b: ProductDto) => compare(a.id, b.id);
const byPrice = (a: ProductDto, b: ProductDto) => compare(a.price, b.price) || byId(a, b);
/** The expected order of each sort. */
export const ORDER: Record<ProductSort, (a: ProductDto, b: ProductDto) => number> = {
  NEWEST: (a, b) => byId(b, a),
  PRICE_ASC: byPrice,
  PRICE_DESC: (a, b) => byPrice(b, a),
  NAME: (a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase()) || byId(a, b),
};
