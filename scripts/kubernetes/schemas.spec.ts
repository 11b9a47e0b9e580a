// The manifests fit the Kubernetes API. The compiler rejects unknown fields, and the validators of npm packages check numbers,
// formats and patterns.
import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.ts';
import { manifestsOf, named, overlays } from './manifests.ts';

/** The manifests as TypeScript. Errors refer to lines of these files. */
const generated = join(root, 'dist', 'kubernetes');
/** Other kinds come from `kubernetes-models`. */
const VALIDATORS: Record<string, string> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};
const WITHOUT_VALIDATOR = /^(postgresql\.cnpg\.io|rabbitmq\.com|traefik\.io)\//;
const OPTIONS = '--noEmit --strict --skipLibCheck --module nodenext --allowImportingTsExtensions --pretty false'.split(
  ' ',
);

test('no field is unknown, and every field has the right type', () => {
  mkdirSync(generated, { recursive: true });
  const files = overlays.map((overlay) => {
    const file = join(generated, `${overlay}.ts`);
    const json = JSON.stringify(manifestsOf(overlay), null, 2);
    writeFileSync(
      file,
      `import type { Manifest } from '../../scripts/kubernetes/kinds.ts';\nexport const manifests: Manifest[] = ${json};\n`,
    );
    return file;
  });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, ...OPTIONS, '--types', 'node', '--ignoreConfig', ...files];
  expect(spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' }).stdout).toBe('');
});

const validated = overlays.flatMap(manifestsOf).filter(({ apiVersion }) => !WITHOUT_VALIDATOR.test(apiVersion));

test.each(named(validated))('%s has valid values', async (_, { apiVersion, kind, ...rest }) => {
  const [group = ''] = apiVersion.split('/');
  const models = (await import(`${VALIDATORS[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`)) as Record<
    string,
    new (data: object) => { validate(): void }
  >;
  const Model = models[kind];
  if (!Model) throw new Error(`There is no model of ${kind}`);
  expect(() => new Model(rest).validate()).not.toThrow();
});
