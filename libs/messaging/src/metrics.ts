import { AppError, type ErrorCode } from '@app/contracts';
import { Counter, Gauge, Histogram } from 'prom-client';

/** Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `OK`, or the code that a request was refused with. */
export type RequestOutcome = 'OK' | ErrorCode;

export const outcomeOf = (error: unknown): RequestOutcome => AppError.from(error).code;

const requestLabels = ['service', 'pattern', 'outcome'] as const;

export const requestClientDuration = new Histogram({
  name: 'bazaar_request_client_duration_seconds',
  help: 'Requests to other services, as their caller (service) saw them',
  labelNames: requestLabels,
  buckets: BUCKETS,
});

export const requestServerDuration = new Histogram({
  name: 'bazaar_request_server_duration_seconds',
  help: 'Requests that a service has worked on',
  labelNames: requestLabels,
  buckets: BUCKETS,
});

export const eventsPublished = new Counter({
  name: 'bazaar_events_published_total',
  help: 'Events that the broker has taken from the outbox of a service',
  labelNames: ['service', 'event'] as const,
});

export const eventsConsumed = new Counter({
  name: 'bazaar_events_consumed_total',
  help: 'Deliveries of events to a service, by outcome: done, retry, dead',
  labelNames: ['service', 'event', 'outcome'] as const,
});

export const eventDuration = new Histogram({
  name: 'bazaar_event_duration_seconds',
  help: 'What a service needed to handle an event',
  labelNames: ['service', 'event'] as const,
  buckets: BUCKETS,
});

export const eventDelay = new Histogram({
  name: 'bazaar_event_delay_seconds',
  help: 'From the moment that an event tells of to the end of its handling',
  labelNames: ['service', 'event'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
});

export const inboxDuplicates = new Counter({
  name: 'bazaar_inbox_duplicates_total',
  help: 'Events that came again after they had had their effect',
  labelNames: ['service', 'event'] as const,
});

export const outboxMessages = new Gauge({
  name: 'bazaar_outbox_messages',
  help: 'Events in the outbox, as the relay that leads counts them',
  labelNames: ['service'] as const,
});

export const outboxOldestAge = new Gauge({
  name: 'bazaar_outbox_oldest_age_seconds',
  help: 'How long the oldest event in the outbox has waited, as each instance sees it; 0 if there is none',
  labelNames: ['service'] as const,
});

/** The seconds since it was called. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => (performance.now() - began) / 1000;
}
