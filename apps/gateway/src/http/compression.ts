import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply } from 'fastify';
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

type Encoding = keyof typeof COMPRESSIONS;

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
    if (reply.hasHeader('content-encoding') || Buffer.byteLength(payload) < MIN_BYTES) return payload;
    addVary(reply, 'Accept-Encoding');
    const encoding = encodingFor(headers['accept-encoding']);
    if (!encoding || method === 'HEAD' || running >= MAX_AT_ONCE) return payload;
    running++;
    try {
      return encoded(encoding, await COMPRESSIONS[encoding](Buffer.from(payload)), reply);
    } finally {
      running--;
    }
  });
}

/** By the answer. */
const variants = new WeakMap<object, Map<Encoding, Promise<Buffer>>>();

/** For an answer that is sent many times: compresses it once for each encoding. */
export async function compressedOnce(
  answer: { readonly body: string },
  accept: string | undefined,
  reply: FastifyReply,
): Promise<string | Buffer> {
  const encoding = encodingFor(accept);
  if (!encoding || answer.body.length < MIN_BYTES) return answer.body;
  addVary(reply, 'Accept-Encoding');
  const known = variants.get(answer) ?? new Map<Encoding, Promise<Buffer>>();
  variants.set(answer, known);
  const compressed = known.get(encoding) ?? COMPRESSIONS[encoding](Buffer.from(answer.body));
  known.set(encoding, compressed);
  return encoded(encoding, await compressed, reply);
}

function encoded(encoding: Encoding, compressed: Buffer, reply: FastifyReply): Buffer {
  reply.headers({ 'content-encoding': encoding, 'content-length': compressed.length });
  return compressed;
}

export function addVary(reply: FastifyReply, names: string): void {
  const vary = reply.getHeader('vary');
  reply.header('vary', vary === undefined ? names : `${String(vary)}, ${names}`);
}

/** Brotli, unless the client prefers gzip or accepts neither. */
export function encodingFor(accept = ''): Encoding | undefined {
  const wanted = qualities(accept);
  const of = (encoding: string) => wanted.get(encoding) ?? wanted.get('*') ?? 0;
  if (of('br') > 0 && of('br') >= of('gzip')) return 'br';
  return of('gzip') > 0 ? 'gzip' : undefined;
}
