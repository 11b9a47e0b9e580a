import type { ClientOf, Contract } from '@app/contracts';
import { Inject, Module, type DynamicModule, type Provider } from '@nestjs/common';
import type { ClientProxy } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { allRows } from './rows.js';

/** The ClientProxy of an app, provided by MessagingModule. */
export const REQUEST_CLIENT = Symbol('REQUEST_CLIENT');

const tokenOf = (contract: Contract) => `client:${contract.service}`;

/** `@InjectClient(orders) private readonly orders: OrderClient` */
export const InjectClient = (contract: Contract) => Inject(tokenOf(contract));

/**
 * `RequestClients.to(users, products)` provides a client of each service. Its methods reject with an AppError: that of the
 * service, SERVICE_UNAVAILABLE if the service is unavailable, or SERVICE_TIMEOUT if it does not reply in time.
 */
@Module({})
export class RequestClients {
  static to(...contracts: Contract[]): DynamicModule {
    return {
      module: RequestClients,
      providers: contracts.map(clientProvider),
      exports: contracts.map(tokenOf),
    };
  }
}

const clientProvider = (contract: Contract): Provider => ({
  provide: tokenOf(contract),
  inject: [REQUEST_CLIENT],
  useFactory: (proxy: ClientProxy) => clientOf(contract, proxy),
});

/** The contract's requests as methods. A method for a list requests rows until it has all of them. */
export function clientOf<C extends Contract>({ requests }: C, proxy: ClientProxy): ClientOf<C> {
  const send = (key: string) => (input: unknown) =>
    lastValueFrom(proxy.send(requests[key]!.pattern, input), { defaultValue: undefined });
  const sendForRows = (key: string, restBy: string) => async (input: object) =>
    allRows(await send(key)(input), (ids) => send(restBy)({ ...input, ids }));
  return Object.fromEntries(
    Object.entries(requests).map(([key, { restBy }]) => [
      key,
      restBy === undefined ? send(key) : sendForRows(key, restBy),
    ]),
  ) as ClientOf<C>;
}
