import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { newCustomer } from '../client.js';
import { startStack, type Stack } from '../stack.js';
import { Chromium } from './chromium.js';

let stack: Stack;
let chromium: Chromium;
let site: Server;
let page: Page;

beforeAll(async () => {
  stack = await startStack();
  site = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<title>Shop</title>'));
  await once(site.listen(0, '127.0.0.1'), 'listening');
  chromium = await Chromium.start();
  page = await chromium.context.newPage();
  await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
});

afterAll(async () => {
  await chromium?.close();
  site?.close();
  await stack?.stop();
});

describe('a page at another port of this machine', () => {
  test('sends operations with the headers of Apollo Client and Sentry, and reads the limits and the trace', async () => {
    const { id, token } = await newCustomer(stack.url);
    const answer = await page.evaluate(
      async ({ url, token }) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            accept: 'application/graphql-response+json,application/json;q=0.9',
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            'apollographql-client-name': 'shop',
            'apollographql-client-version': '1.0',
            baggage: 'sentry-environment=development',
            'sentry-trace': '12c2d058d58442709aa2eca08bf20986-9fbe24d3bdb34ca5-1',
            'x-request-id': '1',
          },
          body: JSON.stringify({ query: '{ me { id } }' }),
        });
        return { body: await response.json(), trace: response.headers.get('traceresponse') };
      },
      { url: `${stack.url}/graphql`, token },
    );
    expect(answer).toMatchObject({ body: { data: { me: { id } } }, trace: expect.stringMatching(/^00-/) });
  });

  test('sends queries by GET, as urql does', async () => {
    const url = `${stack.url}/graphql?query={__typename}&operationName=`;
    const answer = await page.evaluate(async (url) => (await fetch(url)).json(), url);
    expect(answer).toMatchObject({ data: { __typename: 'Query' } });
  });

  test('opens a WebSocket', async () => {
    const url = `${stack.url.replace(/^http/, 'ws')}/graphql`;
    const event = await page.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url, 'graphql-transport-ws');
          socket.addEventListener('open', () => resolve('open'));
          socket.addEventListener('error', () => resolve('error'));
        }),
      url,
    );
    expect(event).toBe('open');
  });
});
