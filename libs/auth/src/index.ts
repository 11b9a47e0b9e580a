export * from './access.js';
export * from './auth.module.js';
export * from './current-user.decorator.js';
export * from './token-validator.js';
