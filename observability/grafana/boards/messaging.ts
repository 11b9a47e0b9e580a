import { type Board, quantile, rate, type Row, spread } from '../board.ts';

const SERVICE_QUEUES = 'queue=~".*(user|product|order)\\\\.(requests|events)"';

const requests: Row = {
  title: 'Requests',
  charts: [
    {
      title: 'Requests by outcome',
      description: 'As their callers saw them.',
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
      description: 'As their callers saw them.',
      unit: 's',
      queries: spread('bazaar_request_client_duration_seconds_bucket'),
    },
    {
      title: 'Of which work (p95)',
      description:
        'What callers wait, and what services work. What lies between is the broker and the queues before services.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, 'bazaar_request_client_duration_seconds_bucket'), legend: 'waited' },
        { expr: quantile(0.95, 'bazaar_request_server_duration_seconds_bucket'), legend: 'worked' },
      ],
    },
  ],
};

const events: Row = {
  title: 'Events',
  charts: [
    {
      title: 'Published',
      description: 'Events that the broker has taken from the outboxes.',
      unit: 'ops',
      queries: [{ expr: `sum by (event) (${rate('bazaar_events_published_total')})`, legend: '{{event}}' }],
    },
    {
      title: 'Consumed',
      description: 'Events that had their effect at a service, or were heard by a gateway.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (service, event) (${rate('bazaar_events_consumed_total{outcome="done"}')})`,
          legend: '{{event}} at {{service}}',
        },
      ],
    },
    {
      title: 'Tried again, given up',
      description:
        'retry: waits in a queue for another try. dead: a dead letter, or at the gateway one that is only logged.',
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
      description: 'From the moment that an event tells of to the end of its handling.',
      unit: 's',
      limit: { above: 10 },
      queries: [{ expr: 'service_event:event_delay_seconds:p95_rate5m', legend: '{{event}} at {{service}}' }],
    },
    {
      title: 'Handling (p95)',
      description: 'What a service needs to handle an event, its transaction included.',
      unit: 's',
      queries: [
        {
          expr: quantile(0.95, 'bazaar_event_duration_seconds_bucket', 'service', 'event'),
          legend: '{{event}} at {{service}}',
        },
      ],
    },
    {
      title: 'Came again',
      description:
        'Events that came after they had had their effect, and had no second one: some, when something was killed.',
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
      description: 'Messages that no instance has taken yet.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `sum by (queue) (rabbitmq_detailed_queue_messages_ready{${SERVICE_QUEUES}})`, legend: '{{queue}}' },
      ],
    },
    {
      title: 'In work',
      description: 'Messages that an instance has taken and not yet acknowledged.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: `sum by (queue) (rabbitmq_detailed_queue_messages_unacked{${SERVICE_QUEUES}})`, legend: '{{queue}}' },
      ],
    },
    {
      title: 'Consumers',
      description: 'Instances that take from a queue. None means that what is in it waits.',
      unit: 'short',
      width: 6,
      limit: { below: 1 },
      queries: [{ expr: `sum by (queue) (rabbitmq_detailed_queue_consumers{${SERVICE_QUEUES}})`, legend: '{{queue}}' }],
    },
    {
      title: 'Another try, dead letters',
      description: 'Events that wait for another try (retry.…, milliseconds), and those that were given up (….dead).',
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
        'received and delivered by the broker; redelivered: taken before, by an instance that did not finish.',
      unit: 'ops',
      width: 6,
      queries: ['received', 'delivered', 'redelivered'].map((what) => ({
        expr: `sum(${rate(`rabbitmq_global_messages_${what}_total`)})`,
        legend: what,
      })),
    },
    {
      title: 'Connections',
      description: 'Each process has some for what it sends, what it receives and what it publishes.',
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
        'As shares of their limits: memory in use of the high watermark, and the least free disk of what is free. At 1 nothing is taken any more.',
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
      description: 'While one is on, the broker takes no messages: events wait in the outboxes.',
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
  description: 'Requests and events between services, and the queues that they go through.',
  rows: [requests, events, queues, broker],
};
