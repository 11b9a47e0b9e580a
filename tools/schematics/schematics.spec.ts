import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CopiedProject } from './copied-project.js';

const TIMEOUT_MS = 600_000;

let project: CopiedProject;
beforeAll(async () => {
  project = await CopiedProject.create();
}, TIMEOUT_MS);
afterAll(() => project?.remove(), TIMEOUT_MS);

const generate = (...args: string[]) => project.nest('generate', '--collection', '@bazaar/schematics', ...args);

describe('a generated service and generated use cases', () => {
  let output: string;
  beforeAll(async () => {
    output = await generate('service', 'payment', '--project', 'payment');
    await generate('use-case', 'refund', '--project', 'payment');
    await generate('use-case', 'archive', '--project', 'order');
    await project.node(['scripts/build.ts']);
    const schema = await project.node(['dist/apps/gateway/main.js', 'print-schema']);
    await writeFile(join(project.folder, 'schema.graphql'), schema);
  }, TIMEOUT_MS);

  test('edit no existing files but those that list services', () => {
    expect([...output.matchAll(/^UPDATE (\S+)/gm)].map(([, path]) => path).toSorted()).toEqual([
      'apps/standalone/src/standalone.ts',
      'deploy/kubernetes/services/kustomization.yaml',
      'docker-compose.yml',
      'libs/contracts/src/index.ts',
      'libs/contracts/src/services.ts',
      'nest-cli.json',
    ]);
  });

  test(
    'type-check, lint and are formatted',
    async () => {
      const checks = [
        ['node_modules/typescript/bin/tsc', '-p', '.'],
        ['node_modules/oxlint/bin/oxlint'],
        ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
      ];
      for (const check of checks) await expect(project.node(check)).resolves.toEqual(expect.any(String));
    },
    TIMEOUT_MS,
  );

  test(
    'start and answer a request',
    async () => {
      const url = await project.start();
      const send = async (query: string, token?: string) => {
        const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
        const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
        return (await response.json()) as { data: Record<string, Record<string, string>> };
      };
      const account = 'email: "ann@example.com", password: "correct horse"';
      await send(`mutation { registerUser(input: { name: "Ann", ${account} }) { id } }`);
      const { data } = await send(`mutation { loginUser(input: { ${account} }) { accessToken } }`);
      const token = data.loginUser!.accessToken;
      const id = '00000000-0000-7000-8000-000000000001';
      for (const field of ['refundPayment', 'archiveOrder'])
        expect(await send(`mutation { ${field}(input: { id: "${id}" }) { id } }`, token)).toMatchObject({
          data: { [field]: { id } },
        });
    },
    TIMEOUT_MS,
  );

  test(
    'pass their specs',
    async () => {
      const specs = [
        'apps/payment',
        'gateway/src/payment',
        'archive-order',
        'services.spec',
        'schema.spec',
        'commands.spec',
      ];
      await expect(project.jest(...specs)).resolves.toEqual(expect.any(String));
    },
    TIMEOUT_MS,
  );

  // Registrations in one row do not depend on each other, so that one run of the spec names each of them.
  test.each([
    [['libs/contracts/src/services.ts', /, 'payment'(?=\])/, 'the app payment › is in services.ts']],
    [
      ['libs/contracts/src/index.ts', /,\s*payment: payments/, 'the service payment › has a contract'],
      ['nest-cli.json', /"payment": \{[^]*?\n {4}\},\n/, 'the app payment › has an entry point and is a project'],
      [
        'apps/standalone/src/standalone.ts',
        /.*service: payment.*\n/,
        'the service payment › is started by the standalone',
      ],
      ['docker-compose.yml', /\n {2}payment:\n[^]*?\n(?=\n)/, 'the app payment › runs in docker compose'],
      [
        'deploy/kubernetes/services/kustomization.yaml',
        / {2}- payment\n/,
        'the service payment › is deployed to Kubernetes',
      ],
    ],
    [
      ['libs/contracts/src/services.ts', / {2}payment: .*\n/, 'the app payment › is in services.ts'],
      ['libs/contracts/src/index.ts', /export .*payment\.dto.*\n/, 'the service payment › has a contract'],
      ['docker-compose.yml', / {6}PAYMENT_DATABASE_PASSWORD.*\n/, 'the service payment › has a database in docker'],
      ['docker-compose.yml', / {6}payment: \{ cond.*\n/, 'the service payment › is waited for by the gateway'],
    ],
  ] as [file: string, registration: RegExp, name: string][][])(
    'fail tests by name without their registration (%#)',
    async (...removed) => {
      const complete = new Map<string, string>();
      for (const [file, registration] of removed) {
        const path = join(project.folder, file);
        const text = await readFile(path, 'utf8');
        expect(text).toMatch(registration);
        if (!complete.has(path)) complete.set(path, text);
        await writeFile(path, text.replace(registration, ''));
      }
      try {
        const output = await project.jest('services.spec').catch((error: Error) => error.message);
        expect(removed.filter(([, , name]) => !output.includes(`● ${name}`))).toEqual([]);
      } finally {
        for (const [path, text] of complete) await writeFile(path, text);
      }
    },
    TIMEOUT_MS,
  );
});

test('the schematics reject a name that is not one lowercase word, and an unknown service', async () => {
  await generate('service', 'gift2card', '--project', 'order');
  await generate('use-case', 'pay', '--project', 'gateway');
  const services = await readFile(join(project.folder, 'libs/contracts/src/services.ts'), 'utf8');
  expect(services).not.toContain('gift');
  await expect(access(join(project.folder, 'apps/gateway/src/gateway'))).rejects.toThrow('ENOENT');
});
