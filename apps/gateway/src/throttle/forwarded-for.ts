import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

const WITH_PORT = /^(?:\[(?<v6>[^\]]+)\](?::\d+)?|(?<v4>[\d.]+):\d+)$/;

/**
 * Removes the ports from X-Forwarded-For, and everything up to the last entry that is not an address. The proxy that reported such
 * an entry then counts as the client.
 */
export function normalizeForwardedFor({ headers }: IncomingMessage): void {
  const forwarded = headers['x-forwarded-for'];
  if (forwarded === undefined) return;
  const entries = String(forwarded).split(',').map(withoutPort);
  const addresses = entries.slice(entries.findLastIndex((entry) => isIP(entry) === 0) + 1);
  if (addresses.length > 0) headers['x-forwarded-for'] = addresses.join(', ');
  else delete headers['x-forwarded-for'];
}

function withoutPort(entry: string): string {
  const trimmed = entry.trim();
  const { v6, v4 } = WITH_PORT.exec(trimmed)?.groups ?? {};
  return v6 ?? v4 ?? trimmed;
}
