import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip, gunzip } from 'node:zlib';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GatewayConfig } from '../config.js';
import { graphiqlPage } from './graphiql-page.js';

interface Page {
  readonly gzipped: Buffer;
  readonly etag: string;
  /** Content-Security-Policy: allows only the page's own scripts, workers and styles, and this API. */
  readonly policy: string;
}

/** GraphiQL at GET /graphql for browsers. The page contains all its resources (9 MB, 2 MB gzipped), so it works offline. */
@Injectable()
export class Graphiql {
  private page: Promise<Page> | undefined;

  constructor(host: HttpAdapterHost, config: GatewayConfig) {
    if (!config.explorable) return;
    // Apollo owns the route; this hook runs before it, and after the hooks that set the headers of every response.
    host.httpAdapter.getInstance<FastifyInstance>().addHook('preValidation', async (request, reply) => {
      if (isPageRequest(request)) return this.send(request, reply);
    });
  }

  private async send(request: FastifyRequest, reply: FastifyReply) {
    const { gzipped, etag, policy } = await (this.page ??= renderPage());
    reply.headers({
      etag,
      'cache-control': 'no-cache',
      'content-security-policy': policy,
      vary: 'Accept, Accept-Encoding',
    });
    if (request.headers['if-none-match'] === etag) return reply.code(304).send();
    reply.type('text/html; charset=utf-8');
    if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(await promisify(gunzip)(gzipped));
    return reply.header('content-encoding', 'gzip').send(gzipped);
  }
}

const isPageRequest = ({ method, url, headers }: FastifyRequest) =>
  method === 'GET' && /^\/graphql\/?(\?|$)/.test(url) && (headers.accept ?? '').includes('text/html');

async function renderPage(): Promise<Page> {
  const html = await graphiqlPage();
  return {
    gzipped: await promisify(gzip)(html),
    etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
    policy: policyFor(html),
  };
}

function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src ${scripts.join(' ')}`,
    'worker-src blob:',
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
