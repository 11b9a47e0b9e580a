import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { APPS, DEFAULT_PORTS } from '../../libs/contracts/src/services.ts';
import { root } from '../workspace.ts';
import { compose } from './compose.ts';

interface Service {
  image?: string;
  build?: object;
  restart?: string;
  deploy?: { resources?: { limits?: object } };
  security_opt?: string[];
  cap_drop?: string[];
  read_only?: boolean;
  ports?: { host_ip?: string; published: string; target: number }[];
  profiles?: string[];
  networks: Record<string, unknown>;
  volumes?: { type: string; source: string }[];
  stop_grace_period?: string;
}

/** These images write to their file system, or start as root to change the owner of their volume. */
const WRITES = /^(postgres|rabbitmq|grafana|.*-port)$/;
const STORE_PORTS = ['5432', '6379', '5672'];

const services = read();
const apps = Object.entries(services).filter(([name]) => APPS.some((app) => app === name));

describe.each(Object.entries(services))('%s', (name, service) => {
  const { image, build, restart, deploy, security_opt, cap_drop, read_only, volumes = [], ports = [] } = service;

  test('is built here, or its image has a version', () => {
    expect(build ? '' : image).toMatch(/^$|:v?\d/);
  });

  test('restarts, within limits of CPU and memory', () => {
    expect(restart).toBe('unless-stopped');
    expect(deploy?.resources?.limits).toMatchObject({ cpus: expect.anything(), memory: expect.anything() });
  });

  test('has no privileges', () => {
    expect(security_opt).toContain('no-new-privileges:true');
    const needed = WRITES.test(name) ? {} : { cap_drop: ['ALL'], read_only: true };
    expect({ cap_drop, read_only }).toMatchObject(needed);
  });

  test('publishes ports on loopback only, and those of stores only in a profile', () => {
    const forbidden = service.profiles?.length ? [] : STORE_PORTS;
    for (const { host_ip, published } of ports) {
      expect(host_ip).toBe('127.0.0.1');
      expect(forbidden).not.toContain(published);
    }
  });

  test('mounts files that exist', () => {
    const missing = volumes.filter(({ type, source }) => type === 'bind' && !existsSync(source));
    expect(missing).toEqual([]);
  });

  test('is in a network of its own choice', () => {
    expect(Object.keys(service.networks)).not.toContain('default');
  });
});

test('the gateway alone of the apps is published, at its default port', () => {
  const published = apps
    .filter(([, { ports }]) => ports)
    .map(([name, { ports }]) => [name, ports?.map((one) => one.target)]);
  expect(published).toEqual([['gateway', [DEFAULT_PORTS.gateway]]]);
});

test('the apps have time to shut down', () => {
  expect(apps.map(([name, { stop_grace_period }]) => [name, stop_grace_period])).toEqual(
    apps.map(([name]) => [name, '20s']),
  );
  expect(apps).toHaveLength(APPS.length);
});

test.each([...apps, ['rabbitmq', services.rabbitmq] as const])(
  '%s shares exactly one network with Prometheus, which would scrape it twice otherwise',
  (_, service) => {
    const shared = Object.keys(service?.networks ?? {}).filter((one) => one in (services.prometheus?.networks ?? {}));
    expect(shared).toHaveLength(1);
  },
);

/** The services as Compose resolves them without a .env file and with an almost empty environment. */
function read() {
  const [program = 'docker', ...args] = compose ?? [];
  const file = ['--file', join(root, 'docker-compose.yml'), '--env-file', '/dev/null', '--profile', '*'];
  const { status, stdout, stderr } = spawnSync(program, [...args, ...file, 'config', '--format', 'json'], {
    cwd: root,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { services: Record<string, Service> }).services;
}
