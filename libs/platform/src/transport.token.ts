export const TRANSPORT = Symbol('transport');
