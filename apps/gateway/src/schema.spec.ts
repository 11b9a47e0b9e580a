import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessOf, Public } from '@app/auth';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Query, Resolver, TypeMetadataStorage } from '@nestjs/graphql';
import { buildSchema, findBreakingChanges } from 'graphql';
import { GatewayUnderTest } from '../test/gateway-under-test.js';
import { apiSchema, printedSchema } from './schema.js';

const root = join(import.meta.dirname, '../../..');
const baselines = join(root, 'test/schema-baselines');

describe('the schema', () => {
  it('equals schema.graphql, which `npm run schema` writes', async () => {
    expect(readFileSync(join(root, 'schema.graphql'), 'utf8')).toBe(`${await printedSchema()}\n`);
  });

  it.each(readdirSync(baselines))('has no breaking changes since %s', async (baseline) => {
    const before = buildSchema(readFileSync(join(baselines, baseline), 'utf8'));
    expect(findBreakingChanges(before, await apiSchema())).toEqual([]);
  });
});

/** The queries, mutations and subscriptions of this process that declare no access. */
function undeclared(): string[] {
  return [
    ...TypeMetadataStorage.getQueriesMetadata(),
    ...TypeMetadataStorage.getMutationsMetadata(),
    ...TypeMetadataStorage.getSubscriptionsMetadata(),
  ]
    .filter(({ target, methodName }) => !accessOf(target.prototype[methodName]))
    .map(({ methodName }) => methodName);
}

@Resolver()
class UndeclaredAccess {
  @Query(() => String)
  @Public()
  declared(): string {
    return 'public';
  }

  @Query(() => String)
  forgotten(): string {
    return 'secret';
  }
}

describe('the access to an operation', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start({}, {}, [UndeclaredAccess]);
  });
  afterAll(() => gateway.close());

  it('is declared by every operation of the API', () => {
    expect(undeclared()).toEqual([UndeclaredAccess.prototype.forgotten.name]);
  });

  it('is denied to everyone if it is not declared', async () => {
    expect((await gateway.graphql('{ declared }')).data).toEqual({ declared: 'public' });
    for (const token of [undefined, gateway.signIn(randomUUID())]) {
      const { data, errors } = await gateway.graphql('{ forgotten }', { token });
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
  });
});
