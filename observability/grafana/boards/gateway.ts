import { type Board, quantile, rate, type Row } from '../board.ts';
import { eventsHeard, processes, requestsMade } from './rows.ts';

const operations: Row = {
  title: 'GraphQL operations',
  charts: [
    {
      title: 'Operations',
      description: 'By the field that they ask for.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (operation) (${rate('bazaar_graphql_operation_duration_seconds_count')})`,
          legend: '{{operation}}',
        },
      ],
    },
    {
      title: 'Their duration (p95)',
      description: 'What 95% of operations take, by the field that they ask for.',
      unit: 's',
      limit: { above: 0.5 },
      queries: [
        {
          expr: quantile(0.95, 'bazaar_graphql_operation_duration_seconds_bucket{type!="subscription"}', 'operation'),
          legend: '{{operation}}',
        },
      ],
    },
    {
      title: 'Operations that failed',
      description: 'By the field that they ask for and their first error.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (operation, outcome) (${rate('bazaar_graphql_operation_duration_seconds_count{outcome!="OK"}')})`,
          legend: '{{operation}} {{outcome}}',
          mayBeEmpty: true,
        },
      ],
    },
    {
      title: 'Errors',
      description:
        'All errors in answers, by code: an answer may have several, as when the product of each order is missing.',
      unit: 'ops',
      width: 6,
      queries: [
        { expr: `sum by (code) (${rate('bazaar_graphql_errors_total')})`, legend: '{{code}}', mayBeEmpty: true },
      ],
    },
    {
      title: 'Budget for errors',
      description:
        'Operations that failed by a fault of ours, of all. 0.1% are allowed over 30 days; alerts begin at 0.6%.',
      unit: 'percentunit',
      width: 6,
      limit: { above: 0.006 },
      queries: [
        { expr: 'gateway:operation_errors:ratio_rate5m', legend: '5 minutes' },
        { expr: 'gateway:operation_errors:ratio_rate1h', legend: '1 hour' },
        { expr: 'gateway:operation_errors:ratio_rate6h', legend: '6 hours' },
      ],
    },
    {
      title: 'Budget for slowness',
      description: 'Operations that took over 0.5 s, of all. 1% are allowed over 30 days; alerts begin at 6%.',
      unit: 'percentunit',
      width: 6,
      limit: { above: 0.06 },
      queries: [
        { expr: 'gateway:operation_slow:ratio_rate5m', legend: '5 minutes' },
        { expr: 'gateway:operation_slow:ratio_rate1h', legend: '1 hour' },
        { expr: 'gateway:operation_slow:ratio_rate6h', legend: '6 hours' },
      ],
    },
    {
      title: 'Live clients',
      description: 'Open WebSockets, and the subscriptions on them.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: 'sum(bazaar_live_connections)', legend: 'connections' },
        { expr: 'sum(bazaar_live_subscriptions)', legend: 'subscriptions' },
      ],
    },
  ],
};

const protection: Row = {
  title: 'Cache, tokens, limits',
  charts: [
    {
      title: 'Products from the cache',
      description: 'The share of public product reads that the cache answered.',
      unit: 'percentunit',
      width: 8,
      queries: [
        {
          expr: `sum(${rate('bazaar_cache_requests_total{outcome="hit"}')}) / sum(${rate('bazaar_cache_requests_total')})`,
          legend: 'hits',
        },
      ],
    },
    {
      title: 'Cache',
      description: 'By outcome. bypass: the cache was not asked, since Redis does not answer or has just come back.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (outcome) (${rate('bazaar_cache_requests_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Token checks',
      description:
        'remembered: known from a moment ago. valid, refused: the user service said so. failed: it could not say.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (outcome) (${rate('bazaar_token_checks_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Turned away',
      description: 'Requests and logins over the limit of their client.',
      unit: 'ops',
      width: 12,
      queries: [{ expr: `sum by (limit) (${rate('bazaar_rate_limited_total')})`, legend: '{{limit}}' }],
    },
    {
      title: 'Connections refused',
      description:
        'Closed on arrival, by service. total: an instance holds MAX_CONNECTIONS already, and nobody gets in. address: one address, or a proxy that TRUST_PROXY does not name, holds too many.',
      unit: 'ops',
      width: 12,
      queries: [
        {
          expr: `sum by (service, limit) (${rate('bazaar_http_connections_refused_total')})`,
          legend: '{{service}} {{limit}}',
        },
      ],
    },
  ],
};

const events: Row = {
  title: 'Events and Redis',
  charts: [
    ...eventsHeard('gateway'),
    {
      title: 'Redis memory',
      description: 'What the cache and the counters of the limits take.',
      unit: 'bytes',
      queries: [{ expr: 'sum(redis_memory_used_bytes)', legend: 'used' }],
    },
  ],
};

export const gateway: Board = {
  uid: 'bazaar-gateway',
  title: 'Bazaar: gateway',
  description: 'The GraphQL API: its operations, its limits, and what it asks of the services.',
  rows: [operations, requestsMade('gateway'), protection, events, processes('gateway')],
};
