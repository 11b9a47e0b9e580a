// The real stack with the exporters and a Prometheus that scrapes everything. Nothing remains when it stops.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, startStack } from '../../bench/stack.ts';
import { urls } from '../../scripts/backing-services.ts';
import { say } from '../../scripts/workspace.ts';
import { startPrometheus, type Target } from './prometheus.ts';

const EXPORTER_TIMEOUT_MS = 15_000;
const RABBITMQ_METRICS = `${new URL(urls.RABBITMQ_URL).hostname}:15692`;

const isInstalled = (command: string) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

interface Tool {
  name: string;
  /** The command that installs it. */
  get: string;
  /** The metrics that need it. */
  metrics: RegExp;
}

/** The tools that are missing on this machine. */
export async function findMissingTools(): Promise<Tool[]> {
  const plugin = await fetch(`http://${RABBITMQ_METRICS}/metrics`).catch(() => undefined);
  const packages = {
    prometheus: /^/,
    'prometheus-postgres-exporter': /\bpg_/,
    'prometheus-redis-exporter': /\bredis_/,
  };
  const tools = Object.entries(packages)
    .filter(([name]) => !isInstalled(name))
    .map(([name, metrics]) => ({ name, get: `apt-get install ${name}`, metrics }));
  const get = 'rabbitmq-plugins enable rabbitmq_prometheus';
  return plugin?.ok
    ? tools
    : [...tools, { name: "RabbitMQ's plugin rabbitmq_prometheus", get, metrics: /\brabbitmq_/ }];
}

/** Keeps the log of the services if `stop` learns of an error. @param settings variables of every app. */
export async function startWatchedSystem(missing: Tool[], settings: Record<string, string> = {}) {
  const has = (name: string) => !missing.some((tool) => tool.name.includes(name));
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-watched-'));
  const log = join(folder, 'services.log');
  const output = openSync(log, 'a');
  const running: (() => Promise<void>)[] = [];
  const stop = async (isWell = false) => {
    for (const end of running.toReversed()) await end();
    closeSync(output);
    if (isWell) rmSync(folder, { recursive: true });
    else say(`The log of the services: ${log}`);
  };
  try {
    const stack = await startStack({ environment: settings, output });
    running.push(stack.stop);
    const targets = Object.entries(stack.apps).map(([app, { url }]): Target => [app, new URL(url).host]);
    if (has('rabbitmq'))
      targets.push(
        ['rabbitmq', RABBITMQ_METRICS],
        [
          'rabbitmq-queues',
          `${RABBITMQ_METRICS}/metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count`,
        ],
      );
    for (const [job, exporter] of Object.entries(exporters)) {
      if (!has(exporter.command)) continue;
      const address = `127.0.0.1:${await freePort()}`;
      running.push(await startExporter(exporter, address));
      targets.push([job, address]);
    }
    const prometheus = await startPrometheus(targets, Number(await freePort()), ownNames(stack.name));
    running.push(prometheus.stop);
    if (!prometheus.ready) throw new Error('Prometheus did not start');
    return { stack, prometheus, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Exporter {
  command: string;
  args: (address: string) => string[];
  env: Record<string, string>;
}

const exporters: Record<string, Exporter> = {
  postgres: {
    command: 'prometheus-postgres-exporter',
    args: (address) => [`--web.listen-address=${address}`],
    env: { DATA_SOURCE_NAME: withoutTls(urls.DATABASE_URL) },
  },
  redis: {
    command: 'prometheus-redis-exporter',
    args: (address) => ['--redis.addr', urls.REDIS_URL, '--web.listen-address', address],
    env: {},
  },
};

/** By default, the exporter requires TLS. The URL can say so, too. */
function withoutTls(databaseUrl: string) {
  const url = new URL(databaseUrl);
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable');
  return url.href;
}

async function startExporter({ command, args, env }: Exporter, address: string) {
  const child = spawn(command, args(address), { stdio: 'ignore', env: { ...process.env, ...env } });
  const ended = new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', resolve);
  });
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (const deadline = Date.now() + EXPORTER_TIMEOUT_MS; ; await sleep(100)) {
    const response = await fetch(`http://${address}/metrics`).catch(() => undefined);
    await response?.text();
    if (response?.ok) return stop;
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error(`${command} does not serve metrics at ${address}`);
  }
}

/** Gives queues and databases their usual names, and drops those of other systems on the same servers. */
const ownNames = (name: string) => [
  ...renamed('queue', `${name}\\.(.*)`, '$1'),
  ...renamed('datname', `${name}_(.*)`, 'bazaar_$1'),
];

const renamed = (label: string, regex: string, replacement: string) => [
  { source_labels: [label], regex, target_label: '__tmp', replacement },
  { source_labels: [label, '__tmp'], regex: '.+;', action: 'drop' },
  { source_labels: ['__tmp'], regex: '(.+)', target_label: label, replacement: '$1' },
  { regex: '__tmp', action: 'labeldrop' },
];
