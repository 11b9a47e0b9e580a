import { orders, products, type OrderDto, type OrderKey, type OrderPlaced, type StockReserved } from '@app/contracts';
import { OnEvent, OnRequest } from './message-handlers.js';

/** Handlers that the compiler must reject; `tsc` fails if it accepts one. */
export class WrongHandlers {
  // @ts-expect-error the input is not this request's
  @OnRequest(orders.requests.get)
  async wrongInput(_key: { id: number }): Promise<OrderDto | null> {
    return null;
  }

  // @ts-expect-error the reply is not this request's
  @OnRequest(orders.requests.list)
  async wrongAnswer(): Promise<OrderDto> {
    return {} as OrderDto;
  }

  // @ts-expect-error a handler returns a promise
  @OnRequest(orders.requests.list)
  notAsync(): OrderDto[] {
    return [];
  }

  // @ts-expect-error a handler gets the payload only
  @OnRequest(orders.requests.get)
  async twoParameters(_key: OrderKey, _more: string): Promise<OrderDto | null> {
    return null;
  }

  // @ts-expect-error an event is not a request
  @OnRequest(products.events.stockReserved)
  async notARequest(): Promise<void> {}

  // @ts-expect-error the payload is not this event's
  @OnEvent(products.events.stockReserved)
  async wrongPayload(_payload: { productId: string }): Promise<void> {}

  @OnEvent(orders.events.placed, products.events.stockReserved)
  async payloadOfEither(_payload: OrderPlaced | StockReserved): Promise<void> {}

  // @ts-expect-error the payload is not that of every event
  @OnEvent(orders.events.placed, products.events.stockReserved)
  async payloadOfOne(_payload: OrderPlaced): Promise<void> {}

  // @ts-expect-error at least one event is required
  @OnEvent()
  async noEvent(): Promise<void> {}

  // @ts-expect-error an event handler returns nothing
  @OnEvent(products.events.stockReserved)
  async answering(): Promise<string> {
    return '';
  }
}
