// npm run compose:check: docker-compose.yml as Docker's plugin compose understands it, against our own conventions.
//   --require    what cannot be checked, since there is no such plugin, is a fault
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root, say } from './workspace.ts';

const { values: asked } = parseArgs({ options: { require: { type: 'boolean' } } });

const APPS = ['gateway', 'user', 'product', 'order'];
/** Where their own images would be written to, or want to be root first, to give their volume away. */
const WRITES = ['postgres', 'rabbitmq', 'grafana'];

/** What holds for every service, each with whether it does not. */
const conventions = {
  'an image of a version that is said': ({ image, build }) => !build && !/:v?\d/.test(image),
  'restart: unless-stopped': ({ restart }) => restart !== 'unless-stopped',
  'limits of CPU and memory': ({ deploy }) => !deploy?.resources?.limits?.cpus || !deploy.resources.limits.memory,
  'no-new-privileges': ({ security_opt = [] }) => !security_opt.includes('no-new-privileges:true'),
  'no capabilities and nothing to write to': ({ cap_drop = [], read_only }, name) =>
    !WRITES.includes(name) && !name.endsWith('-port') && (cap_drop[0] !== 'ALL' || !read_only),
  'ports on loopback alone': ({ ports = [] }) => ports.some(({ host_ip }) => host_ip !== '127.0.0.1'),
  'a network': ({ networks }) => Object.keys(networks).includes('default'),
  'files that exist': ({ volumes = [] }) => volumes.some(({ type, source }) => type === 'bind' && !existsSync(source)),
  'no ports of stores, but by a profile': ({ ports = [], profiles = [] }) =>
    profiles.length === 0 && ports.some(({ published }) => ['5432', '5672', '6379'].includes(published)),
  'time to stop': ({ stop_grace_period }, name) => APPS.includes(name) && stop_grace_period !== '20s',
  // Two networks in common, and Prometheus would find each instance twice.
  'one network in common with Prometheus': ({ networks }, name, { prometheus }) =>
    APPS.concat('rabbitmq').includes(name) &&
    Object.keys(networks).filter((one) => one in prometheus.networks).length !== 1,
};

const faults = check();
const left = faults === undefined;
say(
  left
    ? 'left out  docker-compose.yml: there is no Docker with its plugin compose; .ci/prepare installs it on Debian'
    : `${faults.length === 0 ? 'ok' : 'not ok'}  ${['docker-compose.yml keeps our conventions', ...faults].join('\n    ')}`,
);
process.exit((left ? asked.require : faults.length > 0) ? 1 : 0);

/** @returns undefined where it cannot be checked. */
function check() {
  const command = [['docker', 'compose'], ['docker-compose']].find(
    ([program, ...args]) => spawnSync(program, [...args, 'version']).status === 0,
  );
  if (!command) return undefined;
  const [program, ...args] = command;
  // What holds where nothing is set: without a .env and with hardly an environment.
  const { status, stdout, stderr } = spawnSync(
    program,
    [
      ...args,
      '--file',
      join(root, 'docker-compose.yml'),
      '--env-file',
      '/dev/null',
      '--profile',
      '*',
      'config',
      '--format',
      'json',
    ],
    { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: process.env.HOME } },
  );
  if (status !== 0) return [stderr.trim()];
  const { services } = JSON.parse(stdout);
  return Object.entries(services).flatMap(([name, service]) =>
    Object.entries(conventions)
      .filter(([, isBroken]) => isBroken(service, name, services))
      .map(([what]) => `${name}: ${what}`),
  );
}
