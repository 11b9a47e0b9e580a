import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { qualities } from './media-type.js';

/** A smaller answer fits into one packet anyway. */
const MIN_BYTES = 1024;
/** Answers that are compressed at once, on the threads of Node's pool. Further answers do not wait: they are sent as they are. */
const MAX_AT_ONCE = 4;

/** Levels that cost little CPU time. Brotli's default takes a hundred times as long. */
const COMPRESSIONS = {
  br: (answer: Buffer) =>
    promisify(brotliCompress)(answer, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_QUALITY]: 4,
        [constants.BROTLI_PARAM_SIZE_HINT]: answer.length,
      },
    }),
  gzip: (answer: Buffer) => promisify(gzip)(answer, { level: 4 }),
};

/**
 * Compresses answers for clients that accept it. Limits of bytes count the uncompressed size.
 *
 * The size of a compressed answer can reveal a secret next to text that an attacker chooses (BREACH). It needs requests with the
 * victim's credentials, which no other site can make a browser send: access tokens are not cookies.
 */
export function compressAnswers(fastify: FastifyInstance): void {
  let running = 0;
  fastify.addHook<unknown>('onSend', async ({ method, headers }, reply, payload) => {
    if (typeof payload !== 'string' && !Buffer.isBuffer(payload)) return payload;
    if (Buffer.byteLength(payload) < MIN_BYTES || reply.hasHeader('content-encoding')) return payload;
    const vary = reply.getHeader('vary');
    reply.header('vary', vary === undefined ? 'Accept-Encoding' : `${String(vary)}, Accept-Encoding`);
    const encoding = encodingFor(headers['accept-encoding']);
    if (!encoding || method === 'HEAD' || running >= MAX_AT_ONCE) return payload;
    running++;
    try {
      const compressed = await COMPRESSIONS[encoding](Buffer.from(payload));
      reply.headers({ 'content-encoding': encoding, 'content-length': compressed.length });
      return compressed;
    } finally {
      running--;
    }
  });
}

/** Brotli, unless the client prefers gzip or accepts neither. */
export function encodingFor(accept = ''): keyof typeof COMPRESSIONS | undefined {
  const wanted = qualities(accept);
  const of = (encoding: string) => wanted.get(encoding) ?? wanted.get('*') ?? 0;
  if (of('br') > 0 && of('br') >= of('gzip')) return 'br';
  return of('gzip') > 0 ? 'gzip' : undefined;
}
