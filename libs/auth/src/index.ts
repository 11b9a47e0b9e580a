export * from './access.js';
export * from './auth.module.js';
export { type AuthenticatedRequest, callerOf } from './authenticated-request.js';
export * from './bearer.strategy.js';
export * from './current-user.decorator.js';
export * from './ended-sessions.js';
export * from './token-validator.js';
