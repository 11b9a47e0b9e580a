// Runs a Prometheus with the project's rules on loopback until it is stopped, and deletes its data:
//   node observability/commands/prometheus.ts gateway=127.0.0.1:4000 user=127.0.0.1:5000 product=127.0.0.1:6000 order=127.0.0.1:7000
// A job may have several targets, and a target may have a path: rabbitmq-queues=127.0.0.1:15692/metrics/detailed?family=…
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fail, say, SIGNALS } from '../../scripts/workspace.ts';
import { folder as rulesFolder } from './rules.ts';

export const SCRAPE_SECONDS = 5;
const READY_TIMEOUT_MS = 30_000;

/** The name of a job, and an address with or without a path. */
export type Target = [job: string, address: string];

/** @param relabeling `metric_relabel_configs` of all jobs. */
export async function startPrometheus(targets: Target[], port = 9090, relabeling: object[] = []) {
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML.
  writeFileSync(config, JSON.stringify(configuration([...targets, ['prometheus', `127.0.0.1:${port}`]], relabeling)));
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn('prometheus', [...args, '--log.level=warn'], { stdio: ['ignore', 'inherit', 'inherit'] });
  const ended = new Promise((resolve) => {
    child.on('exit', resolve);
    child.on('error', resolve);
  }).finally(() => rmSync(folder, { recursive: true, force: true }));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  const ready = await Promise.race([answers(url, config), ended.then(() => false)]);
  if (!ready) await stop();
  return { url, ready, ended, stop };
}

function configuration(targets: Target[], metric_relabel_configs: object[]) {
  return {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [join(rulesFolder, 'rules', '*.yml')],
    scrape_configs: targets.map(([job, address], i) => {
      const { host, pathname, searchParams } = new URL(`http://${address}`);
      return {
        job_name: `${job} ${i}`,
        metrics_path: pathname === '/' ? '/metrics' : pathname,
        params: Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
        static_configs: [{ targets: [host], labels: { job } }],
        metric_relabel_configs,
      };
    }),
  };
}

/** Waits until it is ready. Another Prometheus at the port has another configuration. */
async function answers(url: string, config: string) {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < until) {
    const response = await fetch(`${url}/api/v1/status/flags`).catch(() => undefined);
    const flags = response?.ok && ((await response.json()) as { data: Record<string, string> }).data;
    if (flags && flags['config.file'] === config) return true;
    await sleep(100);
  }
  return false;
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
  const targets = positionals.map((target): Target => [
    target.slice(0, target.indexOf('=')),
    target.slice(target.indexOf('=') + 1),
  ]);
  const prometheus = await startPrometheus(targets, Number(values.port ?? 9090));
  if (!prometheus.ready) fail('Prometheus did not start (Debian: apt-get install prometheus)');
  for (const signal of SIGNALS) process.on(signal, () => void prometheus.stop());
  say(`Prometheus at ${prometheus.url}`);
  await prometheus.ended;
}
