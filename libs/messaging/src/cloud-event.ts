import { AppError } from '@app/contracts';
import { isUUID } from 'class-validator';
import { sourceOf } from './event-catalog.js';

/** An event as both transports send it: CloudEvents 1.0, structured JSON. */
export interface CloudEvent {
  specversion: '1.0';
  /** Identifies duplicate deliveries. */
  id: string;
  /** `/order`: the service that publishes it. */
  source: string;
  /** `order.placed` */
  type: string;
  time: string;
  datacontenttype: 'application/json';
  data: unknown;
  traceparent?: string;
}

/** An event as the outbox stores it. */
export interface OutgoingEvent {
  id: string;
  type: string;
  data: unknown;
  time: Date;
  traceparent: string | null;
}

export const cloudEvent = ({ id, type, data, time, traceparent }: OutgoingEvent): CloudEvent => ({
  specversion: '1.0',
  id,
  source: `/${sourceOf(type) ?? 'unknown'}`,
  type,
  time: time.toISOString(),
  datacontenttype: 'application/json',
  data,
  ...(traceparent && { traceparent }),
});

/** @throws AppError BAD_USER_INPUT if the body is not a CloudEvent that can be delivered. */
export function readCloudEvent(body: string): CloudEvent {
  const event = peekCloudEvent(body);
  if (typeof event.type !== 'string' || !isUUID(event.id)) {
    throw new AppError('BAD_USER_INPUT', 'not a CloudEvent with a type and a UUID as its id');
  }
  return event as CloudEvent;
}

/** Reads the attributes of a body that may not be a CloudEvent. */
export function peekCloudEvent(body: string): Partial<CloudEvent> {
  try {
    return (JSON.parse(body) as Partial<CloudEvent> | null) ?? {};
  } catch {
    return {};
  }
}
