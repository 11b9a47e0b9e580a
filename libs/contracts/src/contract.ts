import type { Type } from '@nestjs/common';
import type { ServiceName } from './services.js';

/** A request that one service answers: its pattern (`order.place`), the class of its input, the type of its answer. */
export interface Request<I = unknown, O = unknown> {
  readonly pattern: string;
  readonly input: Type<I>;
  /** Of a list: the request of the same contract that answers rows by their `ids`, asked for what one message has no room for. */
  readonly restBy?: string;
  /** Exists for the compiler alone. */
  readonly output?: O;
}

/** Something that happened in one service: its pattern (`order.placed`), the class of its data, who must hear of it. */
export interface Event<P = unknown> {
  readonly pattern: string;
  readonly payload: Type<P>;
  /**
   * The services that hold a durable queue for it. Publishers declare these queues too, so that an event told before its
   * consumer ever started waits for it. Gateways, which only listen while they run, are not named.
   */
  readonly consumers: readonly ServiceName[];
}

export type In<R> = R extends { input: Type<infer I> } ? I : never;
export type Out<R> = R extends { output?: infer O } ? O : never;
export type Payload<E> = E extends { payload: Type<infer P> } ? P : never;

type Unnamed<T> = Omit<T, 'pattern'>;

export const request = <I>(input: Type<I>) => ({
  answers: <O>(): Unnamed<Request<I, O>> => ({ input }),
  /** A list may be larger than a message: services send as many rows as fit, clients ask on. Neither handlers nor callers see that. */
  answersRows: <T extends { id: string }>(restBy: string): Unnamed<Request<I, T[]>> => ({ input, restBy }),
});

export const event = <P>(payload: Type<P>, ...consumers: ServiceName[]): Unnamed<Event<P>> => ({ payload, consumers });

export interface Contract<
  R extends Record<string, Request> = Record<string, Request>,
  E extends Record<string, Event> = Record<string, Event>,
> {
  readonly service: ServiceName;
  readonly requests: R;
  readonly events: E;
}

/** `contract('order', { requests: { place }, events: { placed } })` names the patterns `order.place` and `order.placed`. */
export function contract<R extends Record<string, Unnamed<Request>>, E extends Record<string, Unnamed<Event>>>(
  service: ServiceName,
  spec: { requests: R; events: E },
) {
  const named = (entries: Record<string, object>) =>
    Object.fromEntries(
      Object.entries(entries).map(([key, entry]) => [key, { pattern: `${service}.${key}`, ...entry }]),
    );
  return {
    service,
    requests: named(spec.requests) as { readonly [K in keyof R]: R[K] & { readonly pattern: string } },
    events: named(spec.events) as { readonly [K in keyof E]: E[K] & { readonly pattern: string } },
  };
}

/** What a caller of a service writes: `orders.place(input)`, typed and checked against the contract. */
export type ClientOf<C extends { requests: Record<string, Request> }> = {
  readonly [K in keyof C['requests']]: (input: In<C['requests'][K]>) => Promise<Out<C['requests'][K]>>;
};
