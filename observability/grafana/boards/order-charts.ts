import { type Chart, rate } from '../board.ts';

export const ordersByStatus: Chart = {
  title: 'What becomes of orders',
  description: 'How many come to each status. PROCESSING follows PENDING within moments where the stock is there.',
  unit: 'ops',
  queries: [{ expr: `sum by (status) (${rate('bazaar_orders_total')})`, legend: '{{status}}' }],
};

export const ordersCancelled: Chart = {
  title: 'Cancelled',
  description: 'Orders that were cancelled, by reason.',
  unit: 'ops',
  queries: [
    {
      expr: `sum by (reason) (${rate('bazaar_orders_total{status="CANCELLED"}')})`,
      legend: '{{reason}}',
    },
  ],
};
