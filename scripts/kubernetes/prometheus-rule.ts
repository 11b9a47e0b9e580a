import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../workspace.ts';

export const ruleFile = join(root, 'deploy', 'kubernetes', 'components', 'monitoring', 'prometheus-rule.yaml');

/** The rules of observability/prometheus in one resource. */
export function prometheusRule() {
  const folder = join(root, 'observability', 'prometheus', 'rules');
  const groups = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8').replace(/^groups:\n/m, ''));
  return [
    '# Made of observability/prometheus/rules by `npm run kubernetes:check -- --write`; not to be edited.',
    'apiVersion: monitoring.coreos.com/v1',
    'kind: PrometheusRule',
    'metadata:',
    '  name: bazaar',
    'spec:',
    '  groups:',
    groups.join('\n').replaceAll(/^(?=.)/gm, '  '),
  ].join('\n');
}
