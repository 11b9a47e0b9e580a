import { type Chart, rate } from '../board.ts';

export const ordersByStatus: Chart = {
  title: 'Orders by status',
  description: 'Status changes. PROCESSING follows PENDING within a second if the stock is available.',
  unit: 'ops',
  queries: [{ expr: `sum by (status) (${rate('bazaar_orders_total')})`, legend: '{{status}}' }],
};

export const ordersCancelled: Chart = {
  title: 'Cancelled',
  description: 'Cancelled orders by reason.',
  unit: 'ops',
  queries: [
    {
      expr: `sum by (reason) (${rate('bazaar_orders_total{status="CANCELLED"}')})`,
      legend: '{{reason}}',
    },
  ],
};
