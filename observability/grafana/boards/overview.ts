import { type Board, quantile, rate, type Row, spread } from '../board.ts';
import { ordersCancelled } from './order-charts.ts';

const isItWell: Row = {
  title: 'Is it well?',
  charts: [
    {
      title: 'Availability',
      description: 'Operations of the last hour that did not fail by a fault of ours. 99.9% are promised.',
      kind: 'stat',
      unit: 'percentunit',
      limit: { below: 0.999 },
      queries: [{ expr: '1 - gateway:operation_errors:ratio_rate1h', legend: 'available' }],
    },
    {
      title: 'Fast enough',
      description: 'Operations of the last hour that took less than 0.5 s. 99% are promised.',
      kind: 'stat',
      unit: 'percentunit',
      limit: { below: 0.99 },
      queries: [{ expr: '1 - gateway:operation_slow:ratio_rate1h', legend: 'fast' }],
    },
    {
      title: 'Orders a minute',
      description: 'Orders that were placed.',
      kind: 'stat',
      unit: 'cpm',
      queries: [{ expr: `60 * sum(${rate('bazaar_orders_total{status="PENDING"}')})`, legend: 'placed' }],
    },
    {
      title: 'Services that answer',
      description: 'Of the four: gateway, user, product, order.',
      kind: 'stat',
      unit: 'short',
      limit: { below: 4 },
      queries: [
        {
          expr: 'count(count by (job) (up{job=~"gateway|user|product|order"} == 1)) or vector(0)',
          legend: 'services',
        },
      ],
    },
    {
      title: 'Alerts',
      description: 'Alerts that are firing. docs/runbook.md says what to do about each.',
      kind: 'stat',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
    },
    {
      title: 'Dead letters',
      description: 'Events that were given up and wait for somebody to send them back.',
      kind: 'stat',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: 'sum(rabbitmq_detailed_queue_messages{queue=~".*\\\\.events\\\\.dead"})', legend: 'waiting' }],
    },
  ],
};

const goldenSignals: Row = {
  title: 'Golden signals',
  charts: [
    {
      title: 'Traffic',
      description: 'GraphQL operations by their type.',
      unit: 'reqps',
      width: 6,
      queries: [
        {
          expr: `sum by (type) (${rate('bazaar_graphql_operation_duration_seconds_count')})`,
          legend: '{{type}}',
        },
      ],
    },
    {
      title: 'Errors',
      description:
        'Operations that failed, by code. INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE and SERVICE_TIMEOUT are ours.',
      unit: 'ops',
      width: 6,
      queries: [
        {
          expr: `sum by (outcome) (${rate('bazaar_graphql_operation_duration_seconds_count{outcome!="OK"}')})`,
          legend: '{{outcome}}',
          mayBeEmpty: true,
        },
      ],
    },
    {
      title: 'Latency',
      description: 'How long operations take; subscriptions last as long as their clients want and are left out.',
      unit: 's',
      width: 6,
      limit: { above: 0.5 },
      queries: spread('bazaar_graphql_operation_duration_seconds_bucket{type!="subscription"}'),
    },
    {
      title: 'Saturation',
      description:
        'The busiest instance of each service: the share of one CPU, and of its database connections, that it uses.',
      unit: 'percentunit',
      width: 6,
      limit: { above: 0.9 },
      queries: [
        {
          expr: `max by (service) (${rate('process_cpu_seconds_total{service!=""}')})`,
          legend: '{{service}} CPU',
        },
        {
          expr: 'max by (service) (bazaar_database_pool_connections{state="used"} / ignoring(state) bazaar_database_pool_max)',
          legend: '{{service}} connections',
        },
      ],
    },
  ],
};

const orders: Row = {
  title: 'Orders, from placed to processing',
  charts: [
    {
      title: 'Placed, reserved, processing',
      description:
        'The steps of an order. Where all is well their lines lie together, less what is rejected for want of stock; where they part, orders wait.',
      unit: 'ops',
      width: 8,
      queries: [
        { expr: `sum(${rate('bazaar_orders_total{status="PENDING"}')})`, legend: 'placed' },
        { expr: `sum(${rate('bazaar_stock_reservations_total{outcome="reserved"}')})`, legend: 'stock reserved' },
        { expr: `sum(${rate('bazaar_stock_reservations_total{outcome!="reserved"}')})`, legend: 'stock rejected' },
        { expr: `sum(${rate('bazaar_orders_total{status="PROCESSING"}')})`, legend: 'processing' },
      ],
    },
    {
      title: 'Settled, of placed',
      description:
        'Orders of the last 10 minutes that became PROCESSING or were cancelled, for each that was placed. Under a half, they wait.',
      unit: 'percentunit',
      width: 4,
      limit: { below: 0.5 },
      queries: [
        {
          expr: 'sum(increase(bazaar_orders_total{status=~"PROCESSING|CANCELLED"}[10m])) / sum(increase(bazaar_orders_total{status="PENDING"}[10m]))',
          legend: 'settled',
        },
      ],
    },
    {
      title: 'Placed to processing',
      description:
        'What 95% of orders take for each of the two steps: until the stock is reserved, and from there until PROCESSING.',
      unit: 's',
      width: 6,
      limit: { above: 10 },
      queries: [
        {
          expr: quantile(0.95, 'bazaar_event_delay_seconds_bucket{service="product", event="order.placed"}'),
          legend: 'placed to reserved',
        },
        {
          expr: quantile(0.95, 'bazaar_event_delay_seconds_bucket{service="order", event="product.stockReserved"}'),
          legend: 'reserved to processing',
        },
      ],
    },
    { ...ordersCancelled, width: 6 },
  ],
};

const waiting: Row = {
  title: 'What waits where',
  charts: [
    {
      title: 'Oldest event in the outbox',
      description:
        'How long the oldest event of each service has waited to be published. It grows while the broker is away.',
      unit: 's',
      width: 6,
      limit: { above: 60 },
      queries: [{ expr: 'max by (service) (bazaar_outbox_oldest_age_seconds)', legend: '{{service}}' }],
    },
    {
      title: 'Events in the outbox',
      description: 'Events that are committed and not yet published.',
      unit: 'short',
      width: 6,
      queries: [{ expr: 'max by (service) (bazaar_outbox_messages)', legend: '{{service}}' }],
    },
    {
      title: 'Messages in queues',
      description: 'Requests and events that no service has taken yet, and events that wait for another try.',
      unit: 'short',
      width: 6,
      queries: [
        {
          expr: 'sum by (queue) (rabbitmq_detailed_queue_messages_ready{queue=~".*\\\\.(requests|events)|.*retry\\\\..*"})',
          legend: '{{queue}}',
        },
      ],
    },
    {
      title: 'Statements without a connection',
      description: 'Statements that wait for a database connection of their instance. More than a moment is too long.',
      unit: 'short',
      width: 6,
      limit: { above: 1 },
      queries: [{ expr: 'sum by (service) (bazaar_database_pool_waiting)', legend: '{{service}}' }],
    },
  ],
};

const foundations: Row = {
  title: 'What it stands on',
  charts: [
    {
      title: 'Services',
      description: 'Whether at least one instance of a service answers Prometheus.',
      kind: 'states',
      unit: 'short',
      width: 12,
      queries: [{ expr: 'max by (job) (up{job=~"gateway|user|product|order"})', legend: '{{job}}' }],
    },
    {
      title: 'Broker, databases, cache',
      description: 'Whether all instances of a service reach what they stand on.',
      kind: 'states',
      unit: 'short',
      width: 12,
      queries: [{ expr: 'min by (service, dependency) (bazaar_health_status)', legend: '{{service}}: {{dependency}}' }],
    },
  ],
};

export const overview: Board = {
  uid: 'bazaar-overview',
  title: 'Bazaar: overview',
  description: 'Whether the system is well, and if not, where to look.',
  rows: [isItWell, goldenSignals, orders, waiting, foundations],
};
