import { ComposeStack } from './compose-stack.js';
import { ServicesStack } from './services-stack.js';
import { SharedStack } from './shared-stack.js';
import { StandaloneStack } from './standalone-stack.js';

/** The system under test. It runs its built output in other processes. */
export interface Stack {
  /** URLs of the gateways: as many as instances on the services stack, else one or two. */
  readonly urls: readonly string[];
  /** URL of the first gateway. */
  readonly url: string;
  /** Everything that its processes have printed. */
  output(): Promise<string>;
  /** The metrics of the first gateway. */
  metrics(): Promise<string>;
  /** Runs the command `admin`. @returns its output. @throws an Error with the output if it fails. */
  admin(...args: string[]): Promise<string>;
  /** Stops the system and removes its data. @throws if a process does not stop gracefully. */
  stop(): Promise<void>;
}

interface Options {
  instances?: number;
  /** Added to the environment of every process. */
  environment?: Record<string, string>;
}

/** A stack of the spec's own if it needs options. Else the specs of a worker share one, which `npm test` keeps for the next spec. */
export async function startStack(options?: Options): Promise<Stack> {
  const keeper = process.env.TEST_STACK_KEEPER;
  return keeper && !options ? SharedStack.attach(keeper) : startOwnStack(options);
}

/** Starts the stack that `TEST_STACK` names: the services on real stores, the containers of compose, or the standalone. */
export function startOwnStack({ instances = 1, environment = {} }: Options = {}): Promise<Stack> {
  if (process.env.TEST_STACK === 'services') return ServicesStack.start({ instances, environment });
  if (process.env.TEST_STACK === 'compose') return ComposeStack.attach();
  return StandaloneStack.start(environment);
}
