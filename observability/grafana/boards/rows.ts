import { type Chart, quantile, rate, type Row } from '../board.ts';

/** Rows that several dashboards share. */

/** Requests that a service sends to others. */
export const requestsSent = (service: string): Row => {
  const of = `service="${service}"`;
  return {
    title: 'Requests to other services',
    charts: [
      {
        title: 'Requests sent',
        description: 'Requests to other services, by pattern.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (pattern) (${rate(`bazaar_request_client_duration_seconds_count{${of}}`)})`,
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Duration (p95)',
        description: '95th percentile, including the way to the service and back.',
        unit: 's',
        queries: [
          {
            expr: quantile(0.95, `bazaar_request_client_duration_seconds_bucket{${of}}`, 'pattern'),
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Requests without an answer',
        description: 'SERVICE_UNAVAILABLE: the service has no consumer. SERVICE_TIMEOUT: no answer arrived in time.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (pattern, outcome) (${rate(`bazaar_request_client_duration_seconds_count{${of}, outcome=~"SERVICE_UNAVAILABLE|SERVICE_TIMEOUT"}`)})`,
            legend: '{{pattern}} {{outcome}}',
            mayBeEmpty: true,
          },
        ],
      },
    ],
  };
};

/** Requests that a service answers. */
export const requestsAnswered = (service: string): Row => {
  const of = `service="${service}"`;
  return {
    title: 'Requests answered',
    charts: [
      {
        title: 'Requests answered',
        description: 'Requests that the service has handled, by pattern.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (pattern) (${rate(`bazaar_request_server_duration_seconds_count{${of}}`)})`,
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Duration (p95)',
        description: '95th percentile of the handler time.',
        unit: 's',
        queries: [
          {
            expr: quantile(0.95, `bazaar_request_server_duration_seconds_bucket{${of}}`, 'pattern'),
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Failed requests',
        description: 'By error code. The logs of the service have each INTERNAL_SERVER_ERROR.',
        unit: 'ops',
        queries: [
          {
            expr: `sum by (pattern, outcome) (${rate(`bazaar_request_server_duration_seconds_count{${of}, outcome!="OK"}`)})`,
            legend: '{{pattern}} {{outcome}}',
            mayBeEmpty: true,
          },
        ],
      },
    ],
  };
};

/** Events that a service or the gateway consumes. */
export const eventsConsumed = (service: string): Chart[] => {
  const of = `service="${service}"`;
  return [
    {
      title: 'Events consumed',
      description: 'By outcome: done, retry or dead.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (event, outcome) (${rate(`bazaar_events_consumed_total{${of}}`)})`,
          legend: '{{event}} {{outcome}}',
        },
      ],
    },
    {
      title: 'Delay of events (p95)',
      description: 'From the change that an event announces until the service has handled it.',
      unit: 's',
      limit: { above: 10 },
      queries: [{ expr: quantile(0.95, `bazaar_event_delay_seconds_bucket{${of}}`, 'event'), legend: '{{event}}' }],
    },
  ];
};

/** Events that a service publishes. */
export const eventsPublished = (service: string): Chart[] => [
  {
    title: 'Events published',
    description: 'Events from the outbox that the broker has confirmed.',
    unit: 'ops',
    queries: [
      {
        expr: `sum by (event) (${rate(`bazaar_events_published_total{service="${service}"}`)})`,
        legend: '{{event}}',
      },
    ],
  },
  {
    title: 'Events in the outbox',
    description: 'Events that are committed and not yet published.',
    unit: 'short',
    queries: [{ expr: `max(bazaar_outbox_messages{service="${service}"})`, legend: 'waiting' }],
  },
];

export const database = (service: string): Row => ({
  title: 'Database',
  charts: [
    {
      title: 'Connections',
      description: 'Connections of all instances: used, idle, and the maximum.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (state) (bazaar_database_pool_connections{service="${service}"})`,
          legend: '{{state}}',
        },
        { expr: `sum(bazaar_database_pool_max{service="${service}"})`, legend: 'maximum' },
      ],
    },
    {
      title: 'Waiting statements',
      description: 'Statements that wait for a connection of their instance.',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: `sum(bazaar_database_pool_waiting{service="${service}"})`, legend: 'waiting' }],
    },
    {
      title: 'Transactions',
      description: 'As PostgreSQL counts them. Some rollbacks are normal, for example for a redelivered event.',
      unit: 'ops',
      queries: [
        {
          expr: `sum(${rate(`pg_stat_database_xact_commit{datname="bazaar_${service}"}`)})`,
          legend: 'committed',
        },
        {
          expr: `sum(${rate(`pg_stat_database_xact_rollback{datname="bazaar_${service}"}`)})`,
          legend: 'rolled back',
        },
      ],
    },
  ],
});

export const processes = (service: string): Row => ({
  title: 'Instances',
  charts: [
    {
      title: 'CPU',
      description: 'Share of one CPU. An instance can use little more than 1.',
      unit: 'percentunit',
      limit: { above: 0.9 },
      queries: [
        {
          expr: `sum by (instance) (${rate(`process_cpu_seconds_total{service="${service}"}`)})`,
          legend: '{{instance}}',
        },
      ],
    },
    {
      title: 'Memory',
      description: 'Resident memory of each instance. Growth for days without a fall is a leak.',
      unit: 'bytes',
      queries: [
        { expr: `sum by (instance) (process_resident_memory_bytes{service="${service}"})`, legend: '{{instance}}' },
      ],
    },
    {
      title: 'Event loop lag (p99)',
      description: 'How late the event loop of each instance is. All its work is delayed by as much.',
      unit: 's',
      limit: { above: 0.2 },
      queries: [
        { expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{service="${service}"})`, legend: '{{instance}}' },
      ],
    },
  ],
});
