export * from './api.js';
export { BazaarError, type ResponseError } from './bazaar-error.js';
export { BazaarClient, type ClientOptions, type RequestOptions } from './client.js';
export type { Answer, RetryOptions } from './http.js';
export type { Document, VariablesOf } from './operation.js';
export { memoryTokens, storedTokens, type Tokens, type TokenStore } from './session.js';
export type { SocketOptions, SubscriptionEvent } from './subscriptions.js';
