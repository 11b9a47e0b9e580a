import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../docs/api.md');

type Json = Record<string, unknown>;

/** An example of docs/api.md. Texts may have placeholders: `{{root field.path}}`, of the last answer with that field. */
export interface Example {
  title: string;
  /** The headers of the request. */
  headers: Record<string, string>;
  body: Json & { query: string };
  answer?: Json;
  /** The status line and the headers of the response. */
  head?: string;
}

/**
 * Reads the fenced blocks of docs/api.md:
 * - `graphql` begins an example. `json` with `query` does, too: it is a whole request body.
 * - `json` with `data` or `errors` is the answer. Other `json` has the variables.
 * - `http` that begins with HTTP is the head of the response. Other `http` has the headers of all requests that follow.
 * - A block without a language is not run.
 */
export function readExamples(): Example[] {
  const examples: Example[] = [];
  let headers: Record<string, string> = {};
  let heading = '';
  const begin = (body: Example['body']) => {
    const name = /\w+(?=\s*[({])/.exec(body.query.replace(/^\s*(query|mutation|subscription)\b/, ''))?.[0];
    examples.push({ title: `${heading}: ${name} (${examples.length + 1})`, headers, body });
  };
  const text = readFileSync(FILE, 'utf8');
  for (const [, title, language, block = ''] of text.matchAll(/^#+ (.+)$|^```(.*)\n([^]*?)^```$/gm)) {
    if (title) heading = title;
    else if (language === 'graphql') begin({ query: block });
    else if (language === 'json') addJson(JSON.parse(block) as Json, examples.at(-1)!, begin);
    else if (language === 'http' && block.startsWith('HTTP/')) examples.at(-1)!.head = block.trim();
    else if (language === 'http') headers = { ...headers, ...headersOf(block) };
    else if (language)
      throw new Error(`docs/api.md has a block of ${language}, which is not an example that can be run`);
  }
  return examples;
}

function addJson(json: Json, example: Example, begin: (body: Example['body']) => void) {
  if ('query' in json) begin(json as Example['body']);
  else if ('data' in json || 'errors' in json) example.answer = json;
  else example.body.variables = json;
}

export const headersOf = (block: string): Record<string, string> =>
  Object.fromEntries([...block.matchAll(/^([\w-]+): (.+)$/gm)].map(([, name, value]) => [name!.toLowerCase(), value!]));

/** The value with the values of the placeholders. @throws if an answer has none. */
export function filledIn<T>(value: T, answers: Json): T {
  const text = JSON.stringify(value).replace(/\{\{([\w.]+)\}\}/g, (placeholder, path: string) => {
    const found = path.split('.').reduce<unknown>((parent, key) => (parent as Json | undefined)?.[key], answers);
    if (typeof found !== 'string') throw new Error(`No answer so far has a value for ${placeholder}`);
    return JSON.stringify(found).slice(1, -1);
  });
  return JSON.parse(text) as T;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Compares answers with documented ones, in which ids, times and shortened texts are examples. */
export class Documented {
  /** The actual ids by the documented ones. */
  private readonly ids = new Map<string, string>();

  /** The actual value, with the documented text wherever that is an example of the actual one. */
  like(documented: unknown, actual: unknown): unknown {
    if (typeof documented === 'string' && typeof actual === 'string')
      return this.isExample(documented, actual) ? documented : actual;
    if (typeof documented !== 'object' || typeof actual !== 'object' || !documented || !actual) return actual;
    if (Array.isArray(actual)) return actual.map((value, i) => this.like((documented as unknown[])[i], value));
    return Object.fromEntries(
      Object.entries(actual).map(([key, value]) => [key, this.like((documented as Json)[key], value)]),
    );
  }

  /** A documented id always stands for the same actual id. */
  private isExample(documented: string, actual: string): boolean {
    if (documented.endsWith('…')) return actual.startsWith(documented.slice(0, -1));
    if (TIME.test(documented)) return TIME.test(actual);
    if (!UUID.test(documented) || !UUID.test(actual)) return false;
    if (!this.ids.has(documented) && ![...this.ids.values()].includes(actual)) this.ids.set(documented, actual);
    return this.ids.get(documented) === actual;
  }
}
