import { ComposeStack } from './compose-stack.js';
import { ServicesStack } from './services-stack.js';
import { StandaloneStack } from './standalone-stack.js';

/** The system under test, as its built output starts it; nothing of it is loaded here. */
export interface Stack {
  /** Where its gateways are: two on the real stack where they are asked for, else one. */
  readonly urls: readonly string[];
  /** The first of them. */
  readonly url: string;
  /** All that its processes have printed. */
  readonly output: string;
  /** What the first gateway tells Prometheus. */
  metrics(): Promise<string>;
  /** The operators' command `admin`, on its data. @returns what it says. @throws that when it fails. */
  admin(...args: string[]): Promise<string>;
  /** Ends it and removes all that it has stored. @throws when a process of it does not end well. */
  stop(): Promise<void>;
}

/**
 * What `TEST_STACK` says: the four services on real stores, the containers of compose, or the standalone with all that it brings
 * itself. `environment` is added to that of every process.
 */
export function startStack({ instances = 1, environment = {} as Record<string, string> } = {}): Promise<Stack> {
  if (process.env.TEST_STACK === 'services') return ServicesStack.start({ instances, environment });
  if (process.env.TEST_STACK === 'compose') return ComposeStack.attach();
  return StandaloneStack.start(environment);
}
