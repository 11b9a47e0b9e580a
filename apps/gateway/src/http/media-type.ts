/** @see https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types */
export const GRAPHQL_RESPONSE = 'application/graphql-response+json; charset=utf-8';
export const JSON_RESPONSE = 'application/json; charset=utf-8';

/** What a client that says this in `Accept` gets of the two: JSON unless it wants the newer one at least as much. */
export function mediaTypeFor(accept = ''): string {
  const wanted = new Map(accept.split(',').map(quality));
  const newer = wanted.get('application/graphql-response+json') ?? 0;
  const json = wanted.get('application/json') ?? wanted.get('application/*') ?? wanted.get('*/*') ?? 0;
  return newer > 0 && newer >= json ? GRAPHQL_RESPONSE : JSON_RESPONSE;
}

function quality(range: string): [type: string, quality: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  return [type, given === undefined ? 1 : Number(given.slice(2)) || 0];
}
