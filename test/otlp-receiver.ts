import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'] as const;
const STATUSES = ['UNSET', 'OK', 'ERROR'] as const;

export interface Span {
  traceId: string;
  spanId: string;
  /** Undefined for the root. */
  parentSpanId: string | undefined;
  name: string;
  kind: (typeof KINDS)[number];
  status: (typeof STATUSES)[number];
  /** The resource's `service.name`. */
  service: string;
  /** The instrumentation that created it. */
  scope: string;
  attributes: Record<string, string | number | boolean | undefined>;
  /** Milliseconds since 1970. */
  start: number;
  /** Milliseconds. */
  duration: number;
}

/** A local trace collector (OTLP/HTTP with protobuf) that keeps the spans it receives. */
export class OtlpReceiver {
  readonly spans: Span[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.receive(request, response));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.spans.push(...spansOf(await buffer(request)));
    response.setHeader('content-type', 'application/x-protobuf').end();
  }

  static async start(): Promise<OtlpReceiver> {
    const receiver = new OtlpReceiver();
    await once(receiver.server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  trace(traceId: string): Span[] {
    return this.spans.filter((span) => span.traceId === traceId).toSorted((a, b) => a.start - b.start);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }
}

/** The numbers are those of https://github.com/open-telemetry/opentelemetry-proto, `trace/v1/trace.proto`. */
function spansOf(exportRequest: Buffer): Span[] {
  return messages(fieldsOf(exportRequest), 1).flatMap((resourceSpans) => {
    const [resource] = messages(resourceSpans, 1);
    const service = String(attributesOf(resource!, 1)['service.name']);
    return messages(resourceSpans, 2).flatMap((scopeSpans) => {
      const [scope] = messages(scopeSpans, 1);
      return messages(scopeSpans, 2).map((span) => spanOf(span, service, text(scope!, 1)));
    });
  });
}

function spanOf(fields: Fields, service: string, scope: string): Span {
  const [start, end] = [7, 8].map((field) => Number(number(fields, field)) / 1e6) as [number, number];
  const [status] = messages(fields, 15);
  return {
    traceId: hex(fields, 1),
    spanId: hex(fields, 2),
    parentSpanId: hex(fields, 4) || undefined,
    name: text(fields, 5),
    kind: KINDS[Number(number(fields, 6))]!,
    status: STATUSES[Number(status ? number(status, 3) : 0)]!,
    service,
    scope,
    attributes: attributesOf(fields, 9),
    start,
    duration: end - start,
  };
}

function attributesOf(fields: Fields, field: number): Span['attributes'] {
  const entries = messages(fields, field).map((keyValue) => {
    const [value] = messages(keyValue, 2);
    if (value!.has(1)) return [text(keyValue, 1), text(value!, 1)] as const;
    if (value!.has(2)) return [text(keyValue, 1), number(value!, 2) === 1n] as const;
    return [text(keyValue, 1), value!.has(3) ? Number(number(value!, 3)) : undefined] as const;
  });
  return Object.fromEntries(entries);
}

/** The fields of a protobuf message, by number. @see https://protobuf.dev/programming-guides/encoding */
type Fields = Map<number, (bigint | Buffer)[]>;

const messages = (fields: Fields, field: number) => (fields.get(field) ?? []).map((bytes) => fieldsOf(bytes as Buffer));
const text = (fields: Fields, field: number) => ((fields.get(field)?.[0] as Buffer | undefined) ?? '').toString();
const hex = (fields: Fields, field: number) => (fields.get(field)?.[0] as Buffer | undefined)?.toString('hex') ?? '';
const number = (fields: Fields, field: number) => (fields.get(field)?.[0] as bigint | undefined) ?? 0n;

function fieldsOf(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number) => message.subarray(at, (at += length));
  const read = (wireType: number) => {
    if (wireType === 0) return varint();
    if (wireType === 1) return bytes(8).readBigUInt64LE();
    if (wireType === 2) return bytes(Number(varint()));
    if (wireType === 5) return BigInt(bytes(4).readUInt32LE());
    throw new Error(`Unknown wire type: ${wireType}`);
  };
  while (at < message.length) {
    const tag = Number(varint());
    fields.set(tag >> 3, [...(fields.get(tag >> 3) ?? []), read(tag & 7)]);
  }
  return fields;
}
