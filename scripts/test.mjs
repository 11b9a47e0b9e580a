// npm test: everything with nothing installed, then what messages and stores touch on the real ones where they run.
// Arguments go to Jest; --require-services makes the real stack's absence a failure.
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { absentServices, urls } from './backing-services.mjs';
import { build, entryOf, install, say, start } from './workspace.mjs';

const began = Date.now();
const required = process.argv.includes('--require-services');
const args = process.argv.slice(2).filter((arg) => arg !== '--require-services');
const total = { passed: 0, failed: 0 };

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => (interrupted = true));

install();
build();

const temporary = mkdtempSync(join(tmpdir(), 'bazaar-test-'));
try {
  await onNothingButNode();
  if (!interrupted) await onRealServices();
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (interrupted) total.failed++;
say(`${Math.round((Date.now() - began) / 1000)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 ? 1 : 0);

async function onNothingButNode() {
  say('Tests on embedded PostgreSQL and in-process messages');
  const postgres = start([entryOf('standalone'), 'postgres', temporary], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: postgres.child.stdout });
  const [url] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (url) await jest({ TEST_STACK: 'embedded', TEST_DATABASE_URL: url }, []);
  else total.failed++;
  postgres.child.stdin.end();
  await postgres.ended;
}

async function onRealServices() {
  const absent = await absentServices();
  if (absent.length > 0) {
    const why = absent.map(({ what }) => what).join(', ');
    say(`Left out: the tests on the real stack, since ${why}. To start: ${absent.map(({ run }) => run).join('; ')}`);
    if (required) total.failed++;
    return;
  }
  say('Tests on PostgreSQL, RabbitMQ and Redis');
  const { DATABASE_URL: TEST_DATABASE_URL, RABBITMQ_URL: TEST_RABBITMQ_URL, REDIS_URL: TEST_REDIS_URL } = urls;
  await jest({ TEST_STACK: 'services', TEST_DATABASE_URL, TEST_RABBITMQ_URL, TEST_REDIS_URL }, [
    ...['libs/messaging', 'apps', 'test'].map((folder) => `--roots=<rootDir>/${folder}`),
    '--passWithNoTests',
  ]);
}

/** Runs Jest and adds its counts to the total; a file that cannot be run counts as one that failed. */
async function jest(stack, options) {
  const results = join(temporary, `${stack.TEST_STACK}.json`);
  const workers = Math.max(2, availableParallelism() - 1);
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
  const reporting = [`--maxWorkers=${workers}`, '--json', `--outputFile=${results}`];
  // Ours come last: an option that takes a list would take what follows it, too.
  const { ended } = start([...flags, 'node_modules/jest/bin/jest.js', ...args, ...reporting, ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
    // The tests say which stores they are for; what an app would read by itself is not among them.
    env: { ...process.env, DATABASE_URL: '', RABBITMQ_URL: '', REDIS_URL: '', ...stack },
  });
  const code = await ended;
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = existsSync(results)
    ? JSON.parse(readFileSync(results, 'utf8'))
    : { numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0 };
  total.passed += numPassedTests;
  total.failed += numFailedTests + numRuntimeErrorTestSuites || Number(code !== 0);
}
