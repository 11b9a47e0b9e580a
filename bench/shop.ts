// Bazaar as the benchmarks load it: limits count every request, as in production, and are never reached.
import { APPS } from '../libs/contracts/src/services.ts';
import { startStack } from './stack.ts';

const LIMITS = {
  RATE_LIMIT: '1000000',
  ADDRESS_RATE_LIMIT: '1000000',
  COST_LIMIT: '1000000000',
  ADDRESS_COST_LIMIT: '1000000000',
};

export async function startShop() {
  const stack = await startStack({ environment: { ...LIMITS } });
  const processes = Object.fromEntries(APPS.map((app) => [app, stack.apps[app].child.pid!]));
  return { ...stack, processes };
}
