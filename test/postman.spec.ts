import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildSchema, getVariableValues, type OperationDefinitionNode, parse, validate } from 'graphql';
import newman from 'newman';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack, type Stack } from './stack.js';

const root = join(import.meta.dirname, '..');
const COLLECTION = join(root, 'docs/postman/bazaar.postman_collection.json');
const ENVIRONMENT = join(root, 'docs/postman/bazaar.postman_environment.json');

interface Request {
  name: string;
  request: { body: { graphql: { query: string; variables?: string } } };
}

const { item: folders } = JSON.parse(readFileSync(COLLECTION, 'utf8')) as { item: { item: Request[] }[] };
const requests = folders.flatMap(({ item }) => item);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack?.stop());

/** Runs the whole collection, as `newman run` does. */
function runCollection(baseUrl: string): Promise<newman.NewmanRunSummary> {
  const options = { collection: COLLECTION, environment: ENVIRONMENT, envVar: [{ key: 'baseUrl', value: baseUrl }] };
  return new Promise((resolve, reject) => {
    newman.run(options, (error, summary) => (error ? reject(error) : resolve(summary)));
  });
}

test('every request of the Postman collection runs, and its tests pass', async () => {
  const { run } = await runCollection(stack.url);
  expect(run.failures.map(({ source, error }) => `${source?.name}: ${error.test}: ${error.message}`)).toEqual([]);
  const names = run.executions.map(({ item }) => item.name);
  // One request is repeated while it waits.
  expect(names.filter((name, i) => name !== names[i - 1])).toEqual(requests.map(({ name }) => name));
  // Every answer has the collection's own test. Each request adds at least one.
  const tested = run.executions.filter(({ assertions }) => assertions.length > 1).map(({ item }) => item.name);
  expect(tested).toEqual(requests.map(({ name }) => name));
});

describe('a request of the Postman collection', () => {
  const schema = buildSchema(readFileSync(join(root, 'schema.graphql'), 'utf8'));

  test.each(requests)('is valid: $name', ({ request }) => {
    const { query, variables = '{}' } = request.body.graphql;
    const document = parse(query);
    expect(validate(schema, document)).toEqual([]);
    const [operation] = document.definitions as OperationDefinitionNode[];
    const values = getVariableValues(schema, operation!.variableDefinitions ?? [], JSON.parse(variables));
    expect(values.errors).toBeUndefined();
  });
});
