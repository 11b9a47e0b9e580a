/** @see https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types */
export const GRAPHQL_RESPONSE = 'application/graphql-response+json; charset=utf-8';
export const JSON_RESPONSE = 'application/json; charset=utf-8';

/** The media type for an `Accept` header: JSON, unless the client prefers the newer type or accepts both equally. */
export function mediaTypeFor(accept = ''): string {
  const wanted = qualities(accept);
  const newer = wanted.get('application/graphql-response+json') ?? 0;
  const json = wanted.get('application/json') ?? wanted.get('application/*') ?? wanted.get('*/*') ?? 0;
  return newer > 0 && newer >= json ? GRAPHQL_RESPONSE : JSON_RESPONSE;
}

/** The values of a header such as `Accept`, in lowercase, with their quality from 0 to 1. */
export const qualities = (header: string): Map<string, number> => new Map(header.split(',').map(quality));

function quality(range: string): [type: string, quality: number] {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
  const given = parameters.find((parameter) => parameter.startsWith('q='));
  return [type, given === undefined ? 1 : Number(given.slice(2)) || 0];
}
