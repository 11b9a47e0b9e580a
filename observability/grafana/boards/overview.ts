import { type Board, quantile, rate, type Row, spread } from '../board.ts';
import { ordersCancelled } from './order-charts.ts';

const health: Row = {
  title: 'Health',
  charts: [
    {
      title: 'Availability',
      description: 'Operations of the last hour without an internal error. The objective is 99.9%.',
      kind: 'stat',
      unit: 'percentunit',
      limit: { below: 0.999 },
      queries: [{ expr: '1 - gateway:operation_errors:ratio_rate1h', legend: 'available' }],
    },
    {
      title: 'Latency objective',
      description: 'Operations of the last hour that took less than 0.5 s. The objective is 99%.',
      kind: 'stat',
      unit: 'percentunit',
      limit: { below: 0.99 },
      queries: [{ expr: '1 - gateway:operation_slow:ratio_rate1h', legend: 'fast' }],
    },
    {
      title: 'Orders per minute',
      description: 'Orders placed.',
      kind: 'stat',
      unit: 'cpm',
      queries: [{ expr: `60 * sum(${rate('bazaar_orders_total{status="PENDING"}')})`, legend: 'placed' }],
    },
    {
      title: 'Services unavailable',
      description: 'Services without an instance that answers Prometheus.',
      kind: 'stat',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: 'count(service:available:bool == 0) or vector(0)', legend: 'unavailable' }],
    },
    {
      title: 'Alerts',
      description: 'Firing alerts. docs/runbook.md explains each.',
      kind: 'stat',
      unit: 'short',
      limit: { above: 1 },
      queries: [{ expr: 'count(ALERTS{alertstate="firing"}) or vector(0)', legend: 'firing' }],
    },
    {
      title: 'Dead letters',
      description: 'Events that failed and wait for an operator to redeliver them.',
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
      description: 'GraphQL operations by type.',
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
        'Failed operations by code. INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE and SERVICE_TIMEOUT count as internal errors.',
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
      description: 'Duration of operations, without subscriptions.',
      unit: 's',
      width: 6,
      limit: { above: 0.5 },
      queries: spread('bazaar_graphql_operation_duration_seconds_bucket{type!="subscription"}'),
    },
    {
      title: 'Saturation',
      description: 'The busiest instance of each service: its share of one CPU, and of its database connections.',
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
        'The steps of an order. The lines match in a healthy system, except for orders that are rejected because stock is missing. If they diverge, orders wait.',
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
      title: 'Settled orders',
      description:
        'Orders that became PROCESSING or CANCELLED, as a share of the orders placed in the last 10 minutes. Below 50%, orders wait.',
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
      description: '95th percentile of both steps: until the stock is reserved, and from then until PROCESSING.',
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
  title: 'Queues',
  charts: [
    {
      title: 'Oldest event in the outbox',
      description: 'Age of the oldest unpublished event of each service. It grows while the broker is unavailable.',
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
      description: 'Requests and events that no service has received yet, and events that wait for the next attempt.',
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
      title: 'Waiting statements',
      description: 'Statements that wait for a database connection of their instance.',
      unit: 'short',
      width: 6,
      limit: { above: 1 },
      queries: [{ expr: 'sum by (service) (bazaar_database_pool_waiting)', legend: '{{service}}' }],
    },
  ],
};

const foundations: Row = {
  title: 'Dependencies',
  charts: [
    {
      title: 'Services',
      description: 'Whether at least one instance of the service answers Prometheus.',
      kind: 'states',
      unit: 'short',
      width: 12,
      queries: [{ expr: 'service:available:bool', legend: '{{service}}' }],
    },
    {
      title: 'Broker, databases, cache',
      description: 'Whether all instances of the service can use the dependency.',
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
  description: 'Whether the system is healthy, and where to look if it is not.',
  rows: [health, goldenSignals, orders, waiting, foundations],
};
