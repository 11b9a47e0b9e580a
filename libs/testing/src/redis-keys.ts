import { createClient } from 'redis';

/** Removes all keys with a test's prefix from the Redis at `url`. */
export async function removeKeys(url: string, prefix: string): Promise<void> {
  const client = await createClient({ url }).connect();
  try {
    for await (const key of client.scanIterator({ MATCH: `${prefix}*` })) await client.del(key);
  } finally {
    await client.disconnect();
  }
}
