import { AppError, type ErrorCode } from '@app/contracts';
import { Counter, Gauge, Histogram } from 'prom-client';

/** Seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `OK`, or the error code of a failed request. */
export type RequestOutcome = 'OK' | ErrorCode;

export const outcomeOf = (error: unknown): RequestOutcome => AppError.from(error).code;

const requestLabels = ['service', 'pattern', 'outcome'] as const;

export const requestClientDuration = new Histogram({
  name: 'bazaar_request_client_duration_seconds',
  help: 'Duration of requests to other services, measured by the calling service',
  labelNames: requestLabels,
  buckets: BUCKETS,
});

export const requestServerDuration = new Histogram({
  name: 'bazaar_request_server_duration_seconds',
  help: 'Duration of requests, measured by the service that handles them',
  labelNames: requestLabels,
  buckets: BUCKETS,
});

export const eventsPublished = new Counter({
  name: 'bazaar_events_published_total',
  help: 'Events published from the outbox of a service',
  labelNames: ['service', 'event'] as const,
});

export const eventsConsumed = new Counter({
  name: 'bazaar_events_consumed_total',
  help: 'Events consumed by a service, by outcome: done, retry or dead',
  labelNames: ['service', 'event', 'outcome'] as const,
});

export const eventDuration = new Histogram({
  name: 'bazaar_event_duration_seconds',
  help: 'Time to handle an event',
  labelNames: ['service', 'event'] as const,
  buckets: BUCKETS,
});

export const eventDelay = new Histogram({
  name: 'bazaar_event_delay_seconds',
  help: 'Time from an event to the end of its handling',
  labelNames: ['service', 'event'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
});

export const inboxDuplicates = new Counter({
  name: 'bazaar_inbox_duplicates_total',
  help: 'Duplicate deliveries of events that were already handled',
  labelNames: ['service', 'event'] as const,
});

export const outboxMessages = new Gauge({
  name: 'bazaar_outbox_messages',
  help: 'Events in the outbox, counted by the leading relay',
  labelNames: ['service'] as const,
});

export const outboxOldestAge = new Gauge({
  name: 'bazaar_outbox_oldest_age_seconds',
  help: 'Age of the oldest event in the outbox, measured by each instance; 0 if there is none',
  labelNames: ['service'] as const,
});

/** Starts a stopwatch. @returns a function that returns the elapsed seconds. */
export function stopwatch(): () => number {
  const began = performance.now();
  return () => (performance.now() - began) / 1000;
}
