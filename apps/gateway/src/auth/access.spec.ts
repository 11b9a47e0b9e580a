import { randomUUID } from 'node:crypto';
import { accessOf, Public } from '@app/auth';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Query, Resolver, TypeMetadataStorage } from '@nestjs/graphql';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

/** The queries, mutations and subscriptions of the process's apps that do not say who may call them. */
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
class Careless {
  @Query(() => String)
  @Public()
  declared(): string {
    return 'for all';
  }

  @Query(() => String)
  forgotten(): string {
    return 'for whom?';
  }
}

describe('who may call an operation', () => {
  let gateway: GatewayUnderTest;
  beforeAll(async () => {
    gateway = await GatewayUnderTest.start({}, {}, [Careless]);
  });
  afterAll(() => gateway.close());

  it('is declared by every one of the API', () => {
    expect(undeclared()).toEqual([Careless.prototype.forgotten.name]);
  });

  it('is nobody where it is not declared', async () => {
    expect((await gateway.graphql('{ declared }')).data).toEqual({ declared: 'for all' });
    for (const token of [undefined, gateway.signIn(randomUUID())]) {
      const { data, errors } = await gateway.graphql('{ forgotten }', { token });
      expect(data).toBeNull();
      expect(errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
    }
  });
});
