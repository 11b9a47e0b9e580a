// A Prometheus of its own with the project's rules, for as long as it is wanted; loopback, and its data are thrown away:
//   node observability/commands/prometheus.mjs gateway=127.0.0.1:4000 user=127.0.0.1:5000 product=127.0.0.1:6000 order=127.0.0.1:7000
// A name may come more than once, and a target may have a path: rabbitmq-queues=127.0.0.1:15692/metrics/detailed?family=…
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { fail, root, say } from '../../scripts/workspace.mjs';

export const SCRAPE_SECONDS = 5;
const PATIENCE_MS = 30_000;

/**
 * @param targets [job, address with or without a path] of each
 * @param relabeling `metric_relabel_configs` of all of them
 */
export async function startPrometheus(targets, port = 9090, relabeling = []) {
  const url = `http://127.0.0.1:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-prometheus-'));
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML, too.
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

function configuration(targets, metric_relabel_configs) {
  const jobs = Map.groupBy(targets, ([job]) => job);
  return {
    global: { scrape_interval: `${SCRAPE_SECONDS}s`, evaluation_interval: `${SCRAPE_SECONDS}s` },
    rule_files: [join(root, 'observability', 'prometheus', 'rules', '*.yml')],
    scrape_configs: [...jobs].map(([job_name, all]) => {
      const urls = all.map(([, address]) => new URL(`http://${address}`));
      const { pathname, searchParams } = urls[0];
      return {
        job_name,
        metrics_path: pathname === '/' ? '/metrics' : pathname,
        params: Object.fromEntries([...searchParams.keys()].map((name) => [name, searchParams.getAll(name)])),
        static_configs: [{ targets: urls.map(({ host }) => host) }],
        metric_relabel_configs,
      };
    }),
  };
}

/** Once it is ready; another that has the port already is not the one that has this configuration. */
async function answers(url, config) {
  const until = Date.now() + PATIENCE_MS;
  while (Date.now() < until) {
    const response = await fetch(`${url}/api/v1/status/flags`).catch(() => undefined);
    if (response?.ok && (await response.json()).data['config.file'] === config) return true;
    await sleep(100);
  }
  return false;
}

if (process.argv[1] === import.meta.filename) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { port: { type: 'string' } } });
  const targets = positionals.map((target) => [
    target.slice(0, target.indexOf('=')),
    target.slice(target.indexOf('=') + 1),
  ]);
  const prometheus = await startPrometheus(targets, Number(values.port ?? 9090));
  if (!prometheus.ready) fail('Prometheus does not start (Debian: apt-get install prometheus)');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void prometheus.stop());
  say(`Prometheus at ${prometheus.url}`);
  await prometheus.ended;
}
