export * from './access.js';
export * from './auth.module.js';
export * from './current-user.decorator.js';
export * from './ended-sessions.js';
export * from './token-validator.js';
export * from './token-verdicts.js';
