// npm test: all specs on the embedded stack, then on PostgreSQL, RabbitMQ and Redis those that depend on the stack, if all three run.
// Arguments go to Jest.
//   --require-services    fails if PostgreSQL, RabbitMQ, Redis or a browser is missing
//   --watch               runs the specs of changed files on the embedded stack, again after each change
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { absentServices, urls } from './backing-services.ts';
import { browser } from './browser.ts';
import { build, entryOf, jest, relatedSpecs, root, say, SIGNALS, start } from './workspace.ts';

const began = Date.now();
const required = process.argv.includes('--require-services');
const watch = process.argv.includes('--watch');
const args = process.argv.slice(2).filter((arg) => arg !== '--require-services');
const total = { passed: 0, failed: 0 };

let interrupted = false;
for (const signal of SIGNALS) process.on(signal, () => (interrupted = true));

build();

if (browser === undefined) {
  say('Skipped: the tests in a browser. Neither Chromium nor Chrome is installed, or set TEST_BROWSER to its path.');
  if (required) total.failed++;
}

const temporary = mkdtempSync(join(tmpdir(), 'bazaar-test-'));
try {
  await onEmbeddedStack();
  if (!interrupted && !watch) await onRealStack();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (watch) process.exit();
if (interrupted) total.failed++;
say(`${Math.round((Date.now() - began) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);

async function onEmbeddedStack() {
  say('Tests on embedded PostgreSQL and in-process messages');
  await during([entryOf('standalone'), 'postgres', temporary], {}, (url) =>
    runOn({ TEST_STACK: 'embedded', TEST_DATABASE_URL: url }, []),
  );
}

async function onRealStack() {
  const absent = await absentServices();
  if (absent.length > 0) {
    const why = absent.map(({ what }) => what).join(', ');
    say(`Skipped: the tests on the real stack. ${why}. To start: ${absent.map(({ run }) => run).join('; ')}`);
    if (required) total.failed++;
    return;
  }
  say('Tests on PostgreSQL, RabbitMQ and Redis');
  const { DATABASE_URL: TEST_DATABASE_URL, RABBITMQ_URL: TEST_RABBITMQ_URL, REDIS_URL: TEST_REDIS_URL } = urls;
  const stack = { TEST_STACK: 'services', TEST_DATABASE_URL, TEST_RABBITMQ_URL, TEST_REDIS_URL };
  const specs = relatedSpecs(sourcesThatReadTheStack(), stack);
  await runOn(stack, [...specs.map((path) => `--testMatch=${path}`), '--passWithNoTests']);
}

/** A spec whose imports lead to one of these depends on the stack. PostgreSQL is the same on both stacks. */
function sourcesThatReadTheStack() {
  const sources = globSync('{apps,libs,test}/**/*.ts', { cwd: root });
  return sources.filter((path) =>
    /\bTEST_(STACK|RABBITMQ_URL|REDIS_URL)\b/.test(readFileSync(join(root, path), 'utf8')),
  );
}

/** Runs `work` with the first line that a program prints. The program ends when its standard input does. */
async function during(program: string[], env: Record<string, string>, work: (line: string) => Promise<void>) {
  const { child, ended } = start(program, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  if (!child.stdin || !child.stdout) throw new Error('A program has no standard input or output');
  const lines = createInterface({ input: child.stdout });
  const [line]: string[] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  try {
    if (line) await work(line);
  } finally {
    child.stdin.end();
    if ((await ended) !== 0 || !line) total.failed++;
  }
}

/** Runs the specs while a program keeps the stacks that they share. */
function runOn(stack: Record<string, string>, options: string[]) {
  const keeper = ['--import', './libs/testing/jest/typescript-modules.mts', 'test/stack-keeper.ts'];
  return during(keeper, stack, (url) => run({ ...stack, TEST_STACK_KEEPER: url }, options));
}

/** Runs Jest and adds its counts to the total. A file that cannot run counts as one failure. */
async function run(stack: Record<string, string>, options: string[]) {
  const results = join(temporary, `${stack.TEST_STACK}.json`);
  // Much of the time, specs wait. On the real stack, each worker also runs a dozen processes.
  const workers = Math.max(stack.TEST_STACK === 'services' ? 2 : 3, availableParallelism() - 1);
  const reporting = watch ? [] : ['--json', `--outputFile=${results}`];
  // Options from the command line come first: one that takes a list would take the words after it, too.
  const all = [...args, `--maxWorkers=${workers}`, ...reporting, ...options];
  // The apps' own variables are empty, so that each test chooses its stores.
  const env = { DATABASE_URL: '', RABBITMQ_URL: '', REDIS_URL: '', TEST_BROWSER: browser ?? '', ...stack };
  const code = await jest(all, env, watch ? 'inherit' : 'ignore');
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = existsSync(results)
    ? JSON.parse(readFileSync(results, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  total.passed += numPassedTests;
  total.failed += numFailedTests + numRuntimeErrorTestSuites || Number(code !== 0);
}
