import { type Board, type Chart, rate, type Row } from '../board.ts';
import { ordersByStatus, ordersCancelled } from './order-charts.ts';
import { database, eventsConsumed, eventsPublished, processes, requestsAnswered, requestsSent } from './rows.ts';

const events = (...charts: Chart[]): Row => ({
  title: 'Events',
  charts: charts.map((chart) => ({ width: 6, ...chart })),
});

export const user: Board = {
  uid: 'bazaar-user',
  title: 'Bazaar: user service',
  description: 'Users, profiles, sessions and tokens.',
  rows: [
    requestsAnswered('user'),
    events(...eventsPublished('user'), {
      title: 'Logins refused',
      description: 'credentials: wrong e-mail or password. rate_limited: too many failed logins before.',
      unit: 'ops',
      width: 12,
      queries: [{ expr: `sum by (reason) (${rate('bazaar_logins_refused_total')})`, legend: '{{reason}}' }],
    }),
    database('user'),
    processes('user'),
  ],
};

export const product: Board = {
  uid: 'bazaar-product',
  title: 'Bazaar: product service',
  description: 'Products and their stock.',
  rows: [
    requestsAnswered('product'),
    {
      title: 'Stock',
      charts: [
        {
          title: 'Reservations',
          description: 'Placed orders by outcome: the stock was reserved, or the reason why not.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: `sum by (outcome) (${rate('bazaar_stock_reservations_total')})`, legend: '{{outcome}}' }],
        },
        {
          title: 'Reservations rejected',
          description:
            'Share of all reservations, over 30 minutes and over a day. Three times the daily rate is unusual.',
          unit: 'percentunit',
          width: 12,
          limit: { above: 0.5 },
          queries: [
            { expr: 'product:stock_rejections:ratio_rate30m', legend: '30 minutes' },
            { expr: 'product:stock_rejections:ratio_rate1d', legend: '1 day' },
          ],
        },
      ],
    },
    events(...eventsPublished('product'), ...eventsConsumed('product')),
    database('product'),
    processes('product'),
  ],
};

export const order: Board = {
  uid: 'bazaar-order',
  title: 'Bazaar: order service',
  description: 'Orders and their status.',
  rows: [
    requestsAnswered('order'),
    requestsSent('order'),
    {
      title: 'Orders',
      charts: [
        { ...ordersByStatus, width: 12 },
        { ...ordersCancelled, width: 12 },
      ],
    },
    events(...eventsPublished('order'), ...eventsConsumed('order')),
    database('order'),
    processes('order'),
  ],
};
