import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { browser } from '../../scripts/browser.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Chromium or Chrome without a window, with a new profile. */
export class Chromium {
  private constructor(
    readonly context: BrowserContext,
    private readonly profile: string,
  ) {}

  /** @throws if neither is installed. */
  static async start(): Promise<Chromium> {
    if (browser === undefined)
      throw new Error('Neither Chromium nor Chrome is installed, or set TEST_BROWSER to its path');
    const profile = await mkdtemp(join(tmpdir(), 'bazaar-browser-'));
    const viewport = { width: 1280, height: 720 };
    const context = await chromium.launchPersistentContext(profile, { executablePath: browser, args: ARGS, viewport });
    context.setDefaultTimeout(120_000);
    return new Chromium(context, profile);
  }

  async close(): Promise<void> {
    await this.context.close();
    await rm(this.profile, { recursive: true, force: true });
  }
}
