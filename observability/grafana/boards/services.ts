import { type Board, type Chart, rate, type Row } from '../board.ts';
import { ordersByStatus, ordersCancelled } from './order-charts.ts';
import { database, eventsHeard, eventsTold, processes, requestsAnswered, requestsMade } from './rows.ts';

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
    events(...eventsTold('user'), {
      title: 'Logins refused',
      description:
        'credentials: e-mail and password do not belong together. rate_limited: too many had been refused before.',
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
          description: 'Placed orders whose stock was reserved, or why it was not.',
          unit: 'ops',
          width: 12,
          queries: [{ expr: `sum by (outcome) (${rate('bazaar_stock_reservations_total')})`, legend: '{{outcome}}' }],
        },
        {
          title: 'Reservations rejected',
          description: 'Of all, over half an hour and over a day. Three times the day is unusual.',
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
    events(...eventsTold('product'), ...eventsHeard('product')),
    database('product'),
    processes('product'),
  ],
};

export const order: Board = {
  uid: 'bazaar-order',
  title: 'Bazaar: order service',
  description: 'Orders, and the customers and stock that they need.',
  rows: [
    requestsAnswered('order'),
    requestsMade('order'),
    {
      title: 'Orders',
      charts: [
        { ...ordersByStatus, width: 12 },
        { ...ordersCancelled, width: 12 },
      ],
    },
    events(...eventsTold('order'), ...eventsHeard('order')),
    database('order'),
    processes('order'),
  ],
};
