import { format, resolveConfig } from 'prettier';
import type { Board } from './board.ts';
import { gateway } from './boards/gateway.ts';
import { messaging } from './boards/messaging.ts';
import { overview } from './boards/overview.ts';
import { order, product, user } from './boards/services.ts';
import { render } from './render.ts';

/** All dashboards. */
export const boards: readonly Board[] = [overview, gateway, user, product, order, messaging];

/** The path of a dashboard's JSON. */
export const fileOf = ({ uid }: Board): string =>
  `${import.meta.dirname}/dashboards/${uid.replace('bazaar-', '')}.json`;

/** The JSON of a dashboard, formatted by Prettier. */
export async function jsonOf(board: Board): Promise<string> {
  const file = fileOf(board);
  return format(JSON.stringify(render(board)), { ...(await resolveConfig(file)), filepath: file });
}
