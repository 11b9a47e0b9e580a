import { type Chart, quantile, rate, type Row } from '../board.ts';

/** Rows that several services have. */

/** What a service, as a caller, asks of the others. */
export const requestsMade = (service: string): Row => {
  const of = `service="${service}"`;
  return {
    title: 'Requests to other services',
    charts: [
      {
        title: 'Requests made',
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
        title: 'Their duration (p95)',
        description: 'What 95% of requests take, the way there and back included.',
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
        description: 'SERVICE_UNAVAILABLE: nobody was there to ask. SERVICE_TIMEOUT: no answer came in time.',
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

/** What a service is asked. */
export const requestsAnswered = (service: string): Row => {
  const of = `service="${service}"`;
  return {
    title: 'Requests answered',
    charts: [
      {
        title: 'Requests answered',
        description: 'Requests that the service has worked on, by pattern.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (pattern) (${rate(`bazaar_request_server_duration_seconds_count{${of}}`)})`,
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Their duration (p95)',
        description: 'How long the service works on 95% of them.',
        unit: 's',
        queries: [
          {
            expr: quantile(0.95, `bazaar_request_server_duration_seconds_bucket{${of}}`, 'pattern'),
            legend: '{{pattern}}',
          },
        ],
      },
      {
        title: 'Requests refused',
        description: 'By the code of the refusal. INTERNAL_SERVER_ERROR is a fault of the service: its logs have it.',
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

/** The events that a service, or the gateway, hears. */
export const eventsHeard = (service: string): Chart[] => {
  const of = `service="${service}"`;
  return [
    {
      title: 'Events heard',
      description: 'By what became of them: done, tried again later, or given up.',
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
      description: 'From the moment that an event tells of until the service has acted on it.',
      unit: 's',
      limit: { above: 10 },
      queries: [{ expr: quantile(0.95, `bazaar_event_delay_seconds_bucket{${of}}`, 'event'), legend: '{{event}}' }],
    },
  ];
};

/** The events that a service tells. */
export const eventsTold = (service: string): Chart[] => [
  {
    title: 'Events told',
    description: 'Events that the broker has taken from the outbox.',
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
      description: 'Connections of all instances: at work, idle, and how many there may be.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (state) (bazaar_database_pool_connections{service="${service}"})`,
          legend: '{{state}}',
        },
        { expr: `sum(bazaar_database_pool_max{service="${service}"})`, legend: 'at most' },
      ],
    },
    {
      title: 'Statements without a connection',
      description: 'Statements that wait for a connection of their instance.',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: `sum(bazaar_database_pool_waiting{service="${service}"})`, legend: 'waiting' }],
    },
    {
      title: 'Transactions',
      description: 'As PostgreSQL counts them; some are rolled back in health, as when an event comes a second time.',
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
      description: 'The share of one CPU that each instance uses; one alone can use little more than 1.',
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
      description: 'Resident memory of each instance. One that grows for days and never falls is a leak.',
      unit: 'bytes',
      queries: [
        { expr: `sum by (instance) (process_resident_memory_bytes{service="${service}"})`, legend: '{{instance}}' },
      ],
    },
    {
      title: 'Event loop lag (p99)',
      description: 'How late the event loop of each instance is; everything that it does is late by as much.',
      unit: 's',
      limit: { above: 0.2 },
      queries: [
        { expr: `max by (instance) (nodejs_eventloop_lag_p99_seconds{service="${service}"})`, legend: '{{instance}}' },
      ],
    },
  ],
});
