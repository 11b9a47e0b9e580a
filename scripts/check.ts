// npm run kubernetes:check, npm run compose:check: runs the specs in scripts/kubernetes or scripts/compose. Arguments go to Jest.
//   --require    fails if kustomize or Docker Compose is not installed
//   --write      generates the PrometheusRule (kubernetes)
import { writeFileSync } from 'node:fs';
import { compose } from './compose/compose.ts';
import { kustomize } from './kubernetes/kustomize.ts';
import { prometheusRule, ruleFile } from './kubernetes/prometheus-rule.ts';
import { jest, report } from './workspace.ts';

const [what = '', ...args] = process.argv.slice(2);
const isOwn = (arg: string) => ['--require', '--write'].includes(arg);

if (args.includes('--write')) writeFileSync(ruleFile, prometheusRule());

if (!(what === 'compose' ? compose : kustomize)) {
  const missing = `${what === 'compose' ? 'Docker Compose' : 'kustomize 5'} is not installed (Debian: .ci/prepare)`;
  process.exit(report(`${what} files`, missing, args.includes('--require')) ? 0 : 1);
}
const code = await jest(
  ['--verbose=false', `--roots=<rootDir>/scripts/${what}`, ...args.filter((arg) => !isOwn(arg))],
  {},
);
process.exit(typeof code === 'number' ? code : 1);
