// A service that is missing in one of the files that list services fails a test of its name.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import * as lib from './index.js';
import { APPS, contracts, DEFAULT_PORTS, SERVICES } from './index.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const readIfPresent = (path: string) => (existsSync(join(root, path)) ? read(path) : '');

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

const folders = readdirSync(join(root, 'apps'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
const deployed = folders.map(({ name }) => name).filter((name) => name !== 'standalone');

describe.each([...new Set([...APPS, ...deployed])])('the app %s', (app) => {
  test('is in services.ts, with a port of its own', () => {
    expect(APPS).toContain(app);
    const ports: Record<string, number> = DEFAULT_PORTS;
    expect(Object.keys(ports).filter((other) => ports[other] === ports[app])).toEqual([app]);
  });

  test('has an entry point and is a project in nest-cli.json', () => {
    expect(existsSync(join(root, `apps/${app}/src/main.ts`))).toBe(true);
    expect(nestProjects).toContain(app);
  });

  test('runs in docker compose, where Prometheus finds it', () => {
    expect(Object.keys(compose)).toContain(app);
    expect(compose[app]!.build?.args).toEqual({ APP: app });
    expect(compose[app]!.networks?.backend?.aliases).toContain('apps');
  });
});

describe.each(SERVICES)('the service %s', (service) => {
  test('has a contract in index.ts, which exports it with all payload classes', async () => {
    expect(contracts[service]?.service).toBe(service);
    const files = readdirSync(join(import.meta.dirname, service)).filter((file) => !file.endsWith('.spec.ts'));
    expect(files).toContain(`${service}.contract.ts`);
    for (const file of files) {
      const exported: object = await import(`./${service}/${file.replace('.ts', '.js')}`);
      expect(Object.keys(lib)).toEqual(expect.arrayContaining(Object.keys(exported)));
    }
  });

  test('is started by the standalone', () => {
    expect(read('apps/standalone/src/standalone.ts')).toContain(`service: ${service}Service`);
  });

  test('has a database in docker compose, with a password of its own', () => {
    expect(compose[service]?.environment?.DATABASE_URL).toContain(`bazaar_${service}:\${${passwordOf(service)}:-`);
    expect(Object.keys(compose.postgres!.environment!)).toContain(passwordOf(service));
  });

  test('is waited for by the gateway in docker compose', () => {
    expect(Object.keys(compose.gateway!.depends_on!)).toContain(service);
  });

  test('is deployed to Kubernetes under its name', () => {
    expect(kustomization.resources).toContain(service);
    expect(readIfPresent(`deploy/kubernetes/services/${service}/account.yaml`)).toContain(`name: ${service}\n`);
  });
});

describe('docs/operations.md and .env.example', () => {
  test('have the port of the gateway, and say where those of services are', () => {
    for (const path of ['docs/operations.md', '.env.example']) {
      expect(read(path)).toMatch(new RegExp(`gateway and \`?npm start\`? ${DEFAULT_PORTS.gateway}\\b`));
      expect(read(path)).toMatch(/services?[^|\n]* see `?libs\/contracts\/src\/services\.ts/i);
    }
  });

  test('cover the password of each service', () => {
    expect(read('.env.example')).toMatch(/^#<SERVICE>_DATABASE_PASSWORD=/m);
    const [, pattern] = /grep -oE '(.+)' docker-compose\.yml/.exec(read('docs/operations.md')) ?? [];
    const found = new Set(read('docker-compose.yml').match(new RegExp(pattern!, 'g')));
    expect([...found]).toEqual(expect.arrayContaining(SERVICES.map((service) => `${passwordOf(service)}:-`)));
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
