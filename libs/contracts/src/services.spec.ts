import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { contracts } from './contracts.js';
import { APPS, DEFAULT_PORTS, SERVICES } from './services.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readIfPresent = (path: string) => (existsSync(join(root, path)) ? read(path) : '');
/** The row of a Markdown table that starts with this cell. */
const row = (path: string, cell: string) => read(path).match(new RegExp(`^\\| ${cell} .*`, 'm'))?.[0] ?? '';

interface ComposeService {
  build?: { args?: Record<string, string> };
  environment?: Record<string, string | null>;
  networks?: { backend?: { aliases?: string[] } };
  depends_on?: Record<string, unknown>;
}

const compose = (parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, ComposeService> })
  .services;
const nestProjects = Object.keys((JSON.parse(read('nest-cli.json')) as { projects: object }).projects);
const kustomization = parse(read('deploy/kubernetes/services/kustomization.yaml')) as { resources: string[] };
const passwordOf = (service: string) => `${service.toUpperCase()}_DATABASE_PASSWORD`;

describe.each(APPS)('the app %s', (app) => {
  test('has an entry point and is a project in nest-cli.json', () => {
    expect(existsSync(join(root, `apps/${app}/src/main.ts`))).toBe(true);
    expect(nestProjects).toContain(app);
  });

  test('runs in docker compose, where Prometheus finds it', () => {
    expect(Object.keys(compose)).toContain(app);
    expect(compose[app]!.build?.args).toEqual({ APP: app });
    expect(compose[app]!.networks?.backend?.aliases).toContain('apps');
  });

  test('has its port in .env.example and docs/operations.md', () => {
    const port = new RegExp(`\\b${app}\\b(,? (and )?standalone)? ${DEFAULT_PORTS[app]}\\b`);
    expect(['.env.example', 'docs/operations.md'].filter((path) => !port.test(read(path)))).toEqual([]);
  });
});

describe.each(SERVICES)('the service %s', (service) => {
  test('has a contract', () => {
    expect(contracts[service].service).toBe(service);
  });

  test('is started by the standalone', () => {
    expect(read('apps/standalone/src/standalone.ts')).toContain(`service: ${service}Service`);
  });

  test('has a database in docker compose, with a password of its own', () => {
    expect(compose[service]!.environment?.DATABASE_URL).toContain(`bazaar_${service}:\${${passwordOf(service)}:-`);
    expect(Object.keys(compose.postgres!.environment!)).toContain(passwordOf(service));
    expect(Object.keys(compose.gateway!.depends_on!)).toContain(service);
  });

  test('has its password in .env.example and docs/operations.md', () => {
    const files = ['.env.example', 'docs/operations.md'];
    expect(files.filter((path) => !read(path).includes(`${passwordOf(service)}=`))).toEqual([]);
  });

  test('is deployed to Kubernetes under its name, with its Secret in deploy/kubernetes/README.md', () => {
    expect(kustomization.resources).toContain(service);
    expect(readIfPresent(`deploy/kubernetes/services/${service}/account.yaml`)).toContain(`name: ${service}\n`);
    expect(row('deploy/kubernetes/README.md', `\`postgres-${service}-app\``)).toContain('`uri`');
  });
});

describe('Prometheus', () => {
  const apps = new RegExp(`\\b(${SERVICES.join('|')})\\b`);

  test('scrapes apps by one name or by their labels', () => {
    expect(read('observability/prometheus/prometheus.yml')).toContain('names: [apps]');
    for (const path of ['observability/prometheus/prometheus.yml', 'observability/prometheus/kubernetes.yml'])
      expect(read(path).replaceAll(/#.*/g, '')).not.toMatch(apps);
  });

  test('watches services by label', () => {
    for (const name of ['services', 'messaging'])
      expect(read(`observability/prometheus/rules/${name}.yml`).replaceAll(/#.*/g, '')).not.toMatch(apps);
  });
});

test('each lib in nest-cli.json has a path in tsconfig.json', () => {
  const { paths } = (JSON.parse(read('tsconfig.json')) as { compilerOptions: { paths: object } }).compilerOptions;
  const projects = (JSON.parse(read('nest-cli.json')) as { projects: Record<string, { type: string }> }).projects;
  const libs = Object.keys(projects).filter((name) => projects[name]!.type === 'library');
  expect(libs.filter((name) => !(`@app/${name}` in paths))).toEqual([]);
});
