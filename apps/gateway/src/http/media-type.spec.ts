import { expect, it } from '@jest/globals';
import { GRAPHQL_RESPONSE, JSON_RESPONSE, mediaTypeFor } from './media-type.js';

it.each([
  [undefined, JSON_RESPONSE],
  ['', JSON_RESPONSE],
  ['*/*', JSON_RESPONSE],
  ['application/json', JSON_RESPONSE],
  ['text/html, */*;q=0.8', JSON_RESPONSE],
  ['application/graphql-response+json', GRAPHQL_RESPONSE],
  ['application/graphql-response+json, application/json', GRAPHQL_RESPONSE],
  ['application/json, application/graphql-response+json', GRAPHQL_RESPONSE],
  ['Application/GraphQL-Response+JSON; charset=utf-8, application/json;q=0.9', GRAPHQL_RESPONSE],
  ['application/graphql-response+json;q=0.8, application/json', JSON_RESPONSE],
  ['application/graphql-response+json;q=0', JSON_RESPONSE],
  ['application/graphql-response+json;q=0.5, */*;q=0.1', GRAPHQL_RESPONSE],
])('Accept: %s gets %s', (accept, mediaType) => {
  expect(mediaTypeFor(accept)).toBe(mediaType);
});
