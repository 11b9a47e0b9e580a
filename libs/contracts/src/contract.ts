import type { Type } from '@nestjs/common';
import type { ServiceName } from './services.js';

/** A request to a service: its pattern (`order.place`), the class of its input and the type of its reply. */
export interface Request<I = unknown, O = unknown> {
  readonly pattern: string;
  readonly input: Type<I>;
  /** For a list: the request of the same contract that returns rows by their `ids`, for rows that do not fit into one message. */
  readonly restBy?: string;
  /** Used by the compiler only. */
  readonly output?: O;
}

/** An event of a service: its pattern (`order.placed`), the class of its data and its consumers. */
export interface Event<P = unknown> {
  readonly pattern: string;
  readonly payload: Type<P>;
  /**
   * The services with a durable queue for the event. Publishers declare these queues too, so an event published before the
   * first start of its consumer is not lost. Gateways are not listed: they receive events only while they run.
   */
  readonly consumers: readonly ServiceName[];
}

export type In<R> = R extends { input: Type<infer I> } ? I : never;
export type Out<R> = R extends { output?: infer O } ? O : never;
export type Payload<E> = E extends { payload: Type<infer P> } ? P : never;

type Unnamed<T> = Omit<T, 'pattern'>;

export const request = <I>(input: Type<I>) => ({
  answers: <O>(): Unnamed<Request<I, O>> => ({ input }),
  /** A list that may be larger than a message: the server replies with the rows that fit, and the client requests the rest. */
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

/** `contract('order', { requests: { place }, events: { placed } })` has the patterns `order.place` and `order.placed`. */
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

/** A typed client of a service: `orders.place(input)`. */
export type ClientOf<C extends { requests: Record<string, Request> }> = {
  readonly [K in keyof C['requests']]: (input: In<C['requests'][K]>) => Promise<Out<C['requests'][K]>>;
};
