import { contracts, type Contract, type ServiceName } from '@app/contracts';
import { OnEvent, OnRequest } from '@app/messaging';
import { Controller, type Type } from '@nestjs/common';

/** A controller with a handler that does nothing for everything in a service's contract, except for what `others` handle. */
export function idleHandlers(service: ServiceName, ...others: { pattern: string }[]): Type {
  @Controller()
  class IdleHandlers {}

  const isIdle = ({ pattern }: { pattern: string }) => !others.some((other) => other.pattern === pattern);
  const add = (pattern: string, decorate: MethodDecorator) => {
    const descriptor = { value: async () => {}, configurable: true };
    Object.defineProperty(IdleHandlers.prototype, pattern, descriptor);
    decorate(IdleHandlers.prototype, pattern, descriptor);
  };
  const all = Object.values<Contract>(contracts);
  for (const request of Object.values((contracts[service] as Contract).requests).filter(isIdle))
    add(request.pattern, OnRequest(request) as MethodDecorator);
  for (const event of all.flatMap(({ events }) => Object.values(events)).filter(isIdle))
    if (event.consumers.includes(service)) add(event.pattern, OnEvent(event) as MethodDecorator);
  return IdleHandlers;
}
