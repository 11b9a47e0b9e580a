export const TRANSPORT = Symbol('transport');
/** The name of the service that is running: `user`, `gateway`. */
export const SERVICE_NAME = Symbol('service name');
