import { type Board, quantile, rate, type Row, spread } from '../board.ts';

const SERVICE_QUEUES = 'queue=~".*\\\\.(requests|events)"';

const requests: Row = {
  title: 'Requests',
  charts: [
    {
      title: 'Requests by outcome',
      description: 'As measured by the callers.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (outcome) (${rate('bazaar_request_client_duration_seconds_count')})`,
          legend: '{{outcome}}',
        },
      ],
    },
    {
      title: 'Duration',
      description: 'As measured by the callers.',
      unit: 's',
      queries: spread('bazaar_request_client_duration_seconds_bucket'),
    },
    {
      title: 'Handler time (p95)',
      description:
        'The time that callers wait and the time that handlers run. The difference is spent in the broker and in queues.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, 'bazaar_request_client_duration_seconds_bucket'), legend: 'client' },
        { expr: quantile(0.95, 'bazaar_request_server_duration_seconds_bucket'), legend: 'handler' },
      ],
    },
  ],
};

const events: Row = {
  title: 'Events',
  charts: [
    {
      title: 'Published',
      description: 'Events that the broker has confirmed.',
      unit: 'ops',
      queries: [{ expr: `sum by (event) (${rate('bazaar_events_published_total')})`, legend: '{{event}}' }],
    },
    {
      title: 'Consumed',
      description: 'Events that a service or a gateway has handled.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (service, event) (${rate('bazaar_events_consumed_total{outcome="done"}')})`,
          legend: '{{event}} at {{service}}',
        },
      ],
    },
    {
      title: 'Retries and dead letters',
      description: 'retry: waits in a queue for the next attempt. dead: a dead letter; the gateway only logs it.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (service, event, outcome) (${rate('bazaar_events_consumed_total{outcome!="done"}')})`,
          legend: '{{event}} at {{service}}: {{outcome}}',
          mayBeEmpty: true,
        },
      ],
    },
    {
      title: 'Delay (p95)',
      description: 'From the change that an event announces until its handler has finished.',
      unit: 's',
      limit: { above: 10 },
      queries: [{ expr: 'service_event:event_delay_seconds:p95_rate5m', legend: '{{event}} at {{service}}' }],
    },
    {
      title: 'Handler time of events (p95)',
      description: 'The time to handle an event, including its transaction.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.95, 'bazaar_event_duration_seconds_bucket', 'service', 'event'),
          legend: '{{event}} at {{service}}',
        },
      ],
    },
    {
      title: 'Duplicates',
      description:
        'Events that were redelivered after they had been handled, and were discarded. Some are normal after a crash.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (service, event) (${rate('bazaar_inbox_duplicates_total')})`,
          legend: '{{event}} at {{service}}',
          mayBeEmpty: true,
        },
      ],
    },
  ],
};

const queues: Row = {
  title: 'Queues',
  charts: [
    {
      title: 'Waiting',
      description: 'Messages that no instance has received yet.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `sum by (queue) (rabbitmq_detailed_queue_messages_ready{${SERVICE_QUEUES}})`, legend: '{{queue}}' },
      ],
    },
    {
      title: 'In progress',
      description: 'Messages that an instance has received and not yet acknowledged.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `sum by (queue) (rabbitmq_detailed_queue_messages_unacked{${SERVICE_QUEUES}})`, legend: '{{queue}}' },
      ],
    },
    {
      title: 'Consumers',
      description: 'Instances that consume from a queue. Without one, its messages wait.',
      unit: 'short',
      width: 6,
      limit: { below: 1 },
      queries: [{ expr: `sum by (queue) (rabbitmq_detailed_queue_consumers{${SERVICE_QUEUES}})`, legend: '{{queue}}' }],
    },
    {
      title: 'Retry queues and dead letters',
      description: 'Events that wait for the next attempt (retry.…, in milliseconds), and dead letters (….dead).',
      unit: 'short',
      width: 6,
      queries: [
        {
          expr: 'sum by (queue) (rabbitmq_detailed_queue_messages{queue=~".*retry\\\\..*|.*\\\\.dead"})',
          legend: '{{queue}}',
        },
      ],
    },
  ],
};

const broker: Row = {
  title: 'Broker',
  charts: [
    {
      title: 'Messages',
      description:
        'Messages that the broker received and delivered. redelivered: delivered before, and not acknowledged.',
      unit: 'ops',
      width: 6,
      queries: ['received', 'delivered', 'redelivered'].map((what) => ({
        expr: `sum(${rate(`rabbitmq_global_messages_${what}_total`)})`,
        legend: what,
      })),
    },
    {
      title: 'Connections',
      description: 'Each process has connections for requests, for events and for publishing.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: 'sum(rabbitmq_connections)', legend: 'connections' },
        { expr: 'sum(rabbitmq_channels)', legend: 'channels' },
      ],
    },
    {
      title: 'Memory and disk',
      description:
        'Memory in use as a share of the high watermark, and the required free disk space as a share of the free space. At 1, the broker accepts no messages.',
      unit: 'percentunit',
      width: 6,
      limit: { above: 0.9 },
      queries: [
        {
          expr: 'max(rabbitmq_process_resident_memory_bytes / rabbitmq_resident_memory_limit_bytes)',
          legend: 'memory',
        },
        {
          expr: 'max(rabbitmq_disk_space_available_limit_bytes / rabbitmq_disk_space_available_bytes)',
          legend: 'disk',
        },
      ],
    },
    {
      title: 'Alarms',
      description: 'While an alarm is set, the broker accepts no messages, and events wait in the outboxes.',
      unit: 'short',
      width: 6,
      limit: { above: 1 },
      queries: [
        { expr: 'max(rabbitmq_alarms_memory_used_watermark)', legend: 'memory' },
        { expr: 'max(rabbitmq_alarms_free_disk_space_watermark)', legend: 'disk' },
      ],
    },
  ],
};

export const messaging: Board = {
  uid: 'bazaar-messaging',
  title: 'Bazaar: messaging',
  description: 'Requests and events between services, and their queues.',
  rows: [requests, events, queues, broker],
};
