import type { Answer } from './client.js';

/** The first error code of a response, and all its messages and fields. @throws if an operation in it succeeded. */
export function refusal({ body }: { body: string }): { code: string; text: string } {
  const { data, errors = [] } = JSON.parse(body) as Answer<Record<string, unknown>>;
  if (!errors[0] || Object.values(data ?? {}).some((value) => value !== null))
    throw new Error(`This did not fail: ${body}`);
  const texts = errors.map(({ message, extensions }) => `${message} (${Object.keys(extensions.fields ?? {}).join()})`);
  return { code: errors[0].extensions.code, text: texts.join('\n') };
}
