import { ServicesStack } from './services-stack.js';
import { StandaloneStack } from './standalone-stack.js';

/** The system under test, as its built output starts it; nothing of it is loaded here. */
export interface Stack {
  /** Where its gateway is. */
  readonly url: string;
  /** All that its processes have printed. */
  readonly output: string;
  /** The operators' command `admin`, on its data. @returns what it says. @throws that when it fails. */
  admin(...args: string[]): Promise<string>;
  /** Ends it and removes all that it has stored. @throws when a process of it does not end well. */
  stop(): Promise<void>;
}

/** The four services on real stores where `TEST_STACK` says `services`, else the standalone with all that it brings itself. */
export const startStack = (environment: Record<string, string> = {}): Promise<Stack> =>
  process.env.TEST_STACK === 'services' ? ServicesStack.start({ environment }) : StandaloneStack.start(environment);
