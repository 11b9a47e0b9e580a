// Jest's own test runner, except that Node loads the modules: once per worker, and not again for every spec file.
import { ModernFakeTimers } from '@jest/fake-timers';
// @ts-expect-error: has no types
import circus from 'jest-circus/runner';
import { ModuleMocker } from 'jest-mock';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { setGlobals, type Globals } from './globals.mts';
import './typescript-modules.mts';

const require = createRequire(import.meta.url);
/** Where Jest keeps the state of a spec file. */
const FILE_STATE = [Symbol.for('EVENT_HANDLERS'), Symbol.for('TEST_TIMEOUT_SYMBOL')] as const;
const [, TEST_TIMEOUT] = FILE_STATE;
let files = 0;

type FakeTimersOptions = Parameters<ModernFakeTimers['useFakeTimers']>[0];
type ProjectConfig = ConstructorParameters<typeof ModernFakeTimers>[0]['config'];

/** Jest's `testRunner`. */
export default async function runFile(
  globalConfig: unknown,
  config: ProjectConfig,
  environment: { global: { console: Console } },
  _runtime: unknown,
  path: string,
  sendMessageToJest: unknown,
): Promise<unknown> {
  files++;
  for (const key of FILE_STATE) Reflect.deleteProperty(globalThis, key);
  const mocks = new ModuleMocker(globalThis);
  const timers = new ModernFakeTimers({ config, global: globalThis });
  const jest = {
    fn: mocks.fn.bind(mocks),
    spyOn: mocks.spyOn.bind(mocks),
    restoreAllMocks: () => mocks.restoreAllMocks(),
    useFakeTimers: (options?: FakeTimersOptions) => timers.useFakeTimers(options),
    useRealTimers: () => timers.useRealTimers(),
    advanceTimersByTime: (ms: number) => timers.advanceTimersByTime(ms),
    advanceTimersByTimeAsync: (ms: number) => timers.advanceTimersByTimeAsync(ms),
    setTimeout: (ms: number) => Reflect.set(globalThis, TEST_TIMEOUT, ms),
  };
  const modules = {
    /** Jest's own module has the state of one spec file. */
    requireInternalModule(module: string) {
      delete require.cache[module];
      return require(module) as unknown;
    },
    requireModule: require,
    unstable_shouldLoadAsEsm: () => true,
    // The query makes spec files that this worker runs again (--watch --runInBand), and the set-up, new modules.
    unstable_importModule: (module: string) => import(`${pathToFileURL(module).href}?file=${files}`),
    setGlobalsForRuntime: (globals: Omit<Globals, 'jest'>) => setGlobals({ ...globals, jest }),
    enterTestCode() {},
    leaveTestCode() {},
  };

  const { console } = globalThis;
  globalThis.console = environment.global.console;
  // Node knows the source maps of the modules that it loads, and Jest does not.
  Reflect.set(Error, 'prepareStackTrace', undefined);
  process.setSourceMapsEnabled(true);
  try {
    const own = { global: globalThis, fakeTimersModern: timers };
    return await circus.default(globalConfig, config, own, modules, path, sendMessageToJest);
  } finally {
    timers.useRealTimers();
    mocks.restoreAllMocks();
    globalThis.console = console;
  }
}
