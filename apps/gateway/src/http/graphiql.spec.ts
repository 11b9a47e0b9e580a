import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { getVariableValues, type OperationDefinitionNode, parse, validate } from 'graphql';
import { TABS } from './graphiql-tabs.js';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

let gateway: GatewayUnderTest;
afterEach(() => gateway.close());

describe('GraphiQL', () => {
  const open = (headers: Record<string, string> = {}) =>
    gateway.app.inject({ method: 'GET', url: '/graphql', headers: { accept: 'text/html,*/*;q=0.8', ...headers } });

  it('is one page without external resources', async () => {
    gateway = await GatewayUnderTest.start({});
    const page = await open();
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.body).toContain('<title>Bazaar</title>');
    expect(page.body).not.toMatch(/<(script|link|img|iframe)[^>]+(src|href)="?(https?:)?\/\//);
    expect(page.body).not.toMatch(/@import|url\(['"]?(https?:)?\/\//);

    const gzipped = await open({ 'accept-encoding': 'gzip, br' });
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gzipped.rawPayload.length).toBeLessThan(page.rawPayload.length / 2);
    expect((await open({ 'if-none-match': String(page.headers.etag) })).statusCode).toBe(304);
  });

  it('is disabled in production, as is introspection', async () => {
    gateway = await GatewayUnderTest.start({}, { NODE_ENV: 'production' });
    expect((await open()).body).not.toContain('GraphiQL');
    const { errors } = await gateway.graphql('{ __schema { types { name } } }');
    expect(errors?.[0]?.message).toMatch(/introspection/i);
  });

  it('opens with tabs that are valid operations', async () => {
    gateway = await GatewayUnderTest.start({});
    const { schema } = gateway.app.get(GraphQLSchemaHost);
    for (const { query, variables = '{}' } of TABS) {
      const document = parse(query);
      expect(validate(schema, document)).toEqual([]);
      const [operation] = document.definitions as OperationDefinitionNode[];
      const values = getVariableValues(schema, operation!.variableDefinitions ?? [], JSON.parse(variables));
      expect(values.errors).toBeUndefined();
    }
  });

  it('may run its own scripts only', async () => {
    gateway = await GatewayUnderTest.start({});
    const { body, headers } = await open();
    const allowed = /script-src ([^;]*)/.exec(String(headers['content-security-policy']))?.[1]?.split(' ');
    const scripts: string[] = [];
    const rest = body.replace(/<script>(.*?)<\/script>/gs, (_, script: string) => {
      scripts.push(`'sha256-${createHash('sha256').update(script).digest('base64')}'`);
      return '';
    });
    expect(rest).not.toMatch(/<script|\son\w+=/);
    expect(scripts.length).toBeGreaterThan(0);
    expect(allowed).toEqual(scripts);
  });
});
