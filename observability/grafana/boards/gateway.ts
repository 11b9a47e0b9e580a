import { type Board, quantile, rate, type Row } from '../board.ts';
import { eventsConsumed, processes, requestsSent } from './rows.ts';

const operations: Row = {
  title: 'GraphQL operations',
  charts: [
    {
      title: 'Operations',
      description: 'By root field.',
      unit: 'reqps',
      queries: [
        {
          expr: `sum by (operation) (${rate('bazaar_graphql_operation_duration_seconds_count')})`,
          legend: '{{operation}}',
        },
      ],
    },
    {
      title: 'Duration (p95)',
      description: '95th percentile by root field, without subscriptions.',
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
      title: 'Failed operations',
      description: 'By root field and first error code.',
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
      description: 'All errors in responses, by code. A response may have several.',
      unit: 'ops',
      width: 6,
      queries: [
        { expr: `sum by (code) (${rate('bazaar_graphql_errors_total')})`, legend: '{{code}}', mayBeEmpty: true },
      ],
    },
    {
      title: 'Error budget',
      description:
        'Share of operations with an internal error. The objective allows 0.1% over 30 days; alerts start at 0.6%.',
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
      title: 'Latency budget',
      description: 'Share of operations over 0.5 s. The objective allows 1% over 30 days; alerts start at 6%.',
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
      description: 'Open WebSockets and their subscriptions.',
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
      title: 'Cache hit ratio',
      description: 'Share of public product reads that the cache answered.',
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
      description: 'By outcome. bypass: the cache was not used, because Redis is unavailable or has just recovered.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (outcome) (${rate('bazaar_cache_requests_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Token checks',
      description:
        'remembered: a recent result was reused. valid, refused: the result of the user service. failed: it did not answer.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum by (outcome) (${rate('bazaar_token_checks_total')})`, legend: '{{outcome}}' }],
    },
    {
      title: 'Rate-limited',
      description: 'Requests and logins above a rate limit.',
      unit: 'ops',
      width: 12,
      queries: [{ expr: `sum by (limit) (${rate('bazaar_rate_limited_total')})`, legend: '{{limit}}' }],
    },
    {
      title: 'Connections refused',
      description:
        'Connections closed on arrival, by service. total: an instance has reached MAX_CONNECTIONS and refuses all clients. address: one address, or a proxy that TRUST_PROXY does not name, has too many.',
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
    ...eventsConsumed('gateway'),
    {
      title: 'Redis memory',
      description: 'Memory of the cache and the rate limit counters.',
      unit: 'bytes',
      queries: [{ expr: 'sum(redis_memory_used_bytes)', legend: 'used' }],
    },
  ],
};

export const gateway: Board = {
  uid: 'bazaar-gateway',
  title: 'Bazaar: gateway',
  description: 'The GraphQL API: operations, limits, and requests to services.',
  rows: [operations, requestsSent('gateway'), protection, events, processes('gateway')],
};
