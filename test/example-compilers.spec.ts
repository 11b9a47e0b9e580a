import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, newCustomer, type Customer, type Product } from './client.js';
import { startStack, type Stack } from './stack.js';

const PROJECT = join(import.meta.dirname, '..');
const require = createRequire(import.meta.url);

interface Connection {
  edges: { node: { id: string } }[];
  pageInfo: { startCursor: string; endCursor: string; hasNextPage: boolean };
}

const idsOf = ({ edges }: Connection) => edges.map(({ node }) => node.id);

let stack: Stack;
let seller: Customer;
/** A copy of the examples, in which their tools write files. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bazaar-examples-'));
  for (const name of ['examples', 'schema.graphql'])
    await cp(join(PROJECT, name), join(folder, name), {
      recursive: true,
      filter: (source) => !source.endsWith('__generated__'),
    });
  await symlink(join(PROJECT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  stack = await startStack();
  seller = await newCustomer(stack.url);
});

afterAll(async () => {
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script of an example, or of a package, in the copy of the example. @returns what it printed. @throws with that if it fails. */
async function run(example: string, script: string, ...args: string[]): Promise<string> {
  const cwd = join(folder, 'examples', example);
  const file = script.startsWith('./') ? script : require.resolve(script);
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { cwd }).catch(
    (error: { stdout: string; stderr: string }) => {
      throw new Error(error.stdout + error.stderr);
    },
  );
  return stdout;
}

describe('Relay', () => {
  /** A query that the compiler has written. */
  async function compiled(name: string): Promise<string> {
    const file = join(folder, 'examples/relay/src/__generated__', `${name}.graphql.ts`);
    const { default: artifact } = (await import(pathToFileURL(file).href)) as { default: { params: { text: string } } };
    return artifact.params.text;
  }

  beforeAll(async () => {
    await run('relay', 'relay-compiler/cli.js', '--noWatchman');
  });

  test('compiles with the types that its hooks use', async () => {
    expect(await run('relay', 'typescript/bin/tsc', '-p', '.')).toBe('');
  });

  test('reads fragments again by id', async () => {
    const { id, name, stock } = await seller.createProduct();
    expect(await seller.data(await compiled('ProductRefetchQuery'), { id })).toMatchObject({
      node: { __typename: 'Product', id, name, stock },
    });
    const title = await compiled('TitleRefetchQuery');
    expect(await seller.data(title, { id })).toMatchObject({ node: { __typename: 'Product', id, name } });
    expect(await seller.data(title, { id: seller.id })).toMatchObject({ node: { __typename: 'User', id: seller.id } });
  });

  test('reads a connection forwards and backwards', async () => {
    const word = `w${randomUUID().replaceAll('-', '')}`;
    const created: Product[] = [];
    for (const price of [1, 2, 3]) created.push(await seller.createProduct({ name: `${word} teapot`, price }));
    const ids = created.map(({ id }) => id);
    const client = new Client(stack.url);
    const page = await compiled('ProductsPageQuery');
    const read = async (window: object) => {
      // Relay sends null for what does not apply.
      const unused = { first: null, after: null, last: null, before: null };
      const variables = { ...unused, ...window, filter: { search: word } };
      return (await client.data<{ productConnection: Connection }>(page, variables)).productConnection;
    };
    const first = await read({ first: 2 });
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    const next = await read({ first: 2, after: first.pageInfo.endCursor });
    expect(idsOf(next)).toEqual(ids.slice(2));
    expect(next.pageInfo.hasNextPage).toBe(false);
    expect(idsOf(await read({ last: 1, before: next.pageInfo.startCursor }))).toEqual([ids[1]]);
  });
});

describe('GraphQL Code Generator', () => {
  beforeAll(async () => {
    await run('codegen', './generate.ts');
  });

  test('gives operations the types that a shop uses', async () => {
    expect(await run('codegen', 'typescript/bin/tsc', '-p', '.')).toBe('');
  });

  test('writes documents that the API answers', async () => {
    const file = join(folder, 'examples/codegen/shop.ts');
    const { findProducts } = (await import(pathToFileURL(file).href)) as {
      findProducts(url: string, search: string): AsyncIterable<object>;
    };
    const { id, name, price, stock } = await seller.createProduct({ name: `w${randomUUID().replaceAll('-', '')}` });
    const found: object[] = [];
    for await (const product of findProducts(`${stack.url}/graphql`, name)) found.push(product);
    expect(found).toEqual([{ id, name, price, stock, updatedAt: expect.stringMatching(/Z$/) }]);
  });
});
