import type { ApolloServerPlugin } from '@apollo/server';
import { MAX_COST } from './operation-limits.js';

/** By the context of an operation. */
const costs = new WeakMap<object, number>();

export function setRequestedCost(operation: object, cost: number): void {
  costs.set(operation, cost);
}

/** Reports the cost of each operation in `extensions.cost`, so that clients see how close they are to the limit. */
export const reportCost: ApolloServerPlugin<object> = {
  async requestDidStart() {
    return {
      async willSendResponse({ contextValue, response: { body } }) {
        const requested = costs.get(contextValue);
        if (requested === undefined || body.kind !== 'single') return;
        const cost = { requested, maximum: MAX_COST };
        body.singleResult.extensions = { ...body.singleResult.extensions, cost };
      },
    };
  },
};
