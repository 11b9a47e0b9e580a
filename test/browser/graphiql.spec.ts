import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { eventually } from '../../libs/testing/src/eventually.js';
import { startStack, type Stack } from '../stack.js';
import { Chromium } from './chromium.js';

let stack: Stack;
let chromium: Chromium;
/** The hosts of all requests. */
const hosts = new Set<string>();

beforeAll(async () => {
  stack = await startStack({}); // the prepared tabs register a fixed address
  chromium = await Chromium.start();
  chromium.context.on('request', (request) => {
    if (/^(https?|wss?):/.test(request.url())) hosts.add(new URL(request.url()).host);
  });
});

afterAll(async () => {
  await chromium?.close();
  await stack?.stop();
});

/** Opens a tab of GraphiQL. */
async function open(page: Page, tab: string): Promise<void> {
  // Not by the mouse: on a slow machine the tab moves between pressing and releasing the button.
  await page.locator('.graphiql-tab-button', { hasText: tab }).dispatchEvent('click');
  await eventually(async () => expect(await textOf(page, '.graphiql-query-editor')).toMatch(new RegExp(` ${tab}\\b`)));
}

async function run(page: Page, tab: string): Promise<void> {
  await open(page, tab);
  await page.locator('.graphiql-execute-button').click();
}

const textOf = async (page: Page, part: string) =>
  (await page.locator(`${part} .view-lines`).innerText()).replaceAll('\u00a0', ' ');

const shows = (page: Page, text: string) =>
  eventually(async () => expect(await textOf(page, '.graphiql-response')).toContain(text));

const tokenOf = (page: Page) => page.locator('#token').inputValue();

describe('GraphiQL', () => {
  test('walks from a registration to an order, and shows its changes live', async () => {
    const page = await chromium.context.newPage();
    await page.goto(`${stack.url}/graphql`);
    await run(page, 'Register');
    await shows(page, '"name": "Asha"');
    expect(await tokenOf(page)).toBe('');
    await run(page, 'LogIn');
    await shows(page, '"accessToken"');
    const token = await tokenOf(page);
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    await run(page, 'CreateProduct');
    await shows(page, '"name": "Kettle"');
    await run(page, 'PlaceOrder');
    await shows(page, '"status": "PENDING"');

    await run(page, 'WatchOrders');
    const opened = page.waitForEvent('popup');
    await page.locator('#new-window').click();
    const other = await opened;
    await eventually(async () => expect(await tokenOf(other)).toBe(token));
    // The subscription has begun when the page shows a change.
    await eventually(async () => {
      await run(other, 'PlaceOrder');
      await shows(other, '"status": "PENDING"');
      await shows(page, '"status": "PROCESSING"');
    });
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, 'graphiql.png') });
    await run(other, 'CancelOrder');
    await shows(other, '"status": "CANCELLED"');
    await shows(page, '"cancelReason": "BY_CUSTOMER"');

    await page.reload();
    await eventually(async () => expect(await tokenOf(page)).toBe(token));
    await eventually(async () =>
      expect(await textOf(page, '.graphiql-query-editor')).toContain('subscription WatchOrders'),
    );
    await run(page, 'PlaceOrder');
    await shows(page, '"status": "PENDING"');

    expect([...hosts]).toEqual([new URL(stack.url).host]);
  });

  test('sends the headers of a tab with its subscription', async () => {
    const page = await chromium.context.newPage();
    await page.goto(`${stack.url}/graphql`);
    await open(page, 'WatchOrders');
    await page.locator('.graphiql-editor-tools button', { hasText: 'Headers' }).click();
    await page.locator('.graphiql-editor-tool .monaco-editor:visible').click();
    await page.keyboard.insertText('{ "Authorization": "Bearer nonsense" }');
    await page.locator('.graphiql-execute-button').click();
    await eventually(async () =>
      expect(await textOf(page, '.graphiql-response')).toContain('The access token is not valid'),
    );
  });

  test('says what to run first', async () => {
    const page = await chromium.context.newPage();
    await page.goto(`${stack.url}/graphql`);
    await run(page, 'PlaceOrder');
    await eventually(async () => expect(await textOf(page, '.graphiql-response')).toContain('Run createProduct first'));
  });
});
