import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { root } from '../../scripts/workspace.ts';

interface Rule {
  alert?: string;
  record?: string;
  annotations?: { runbook_url?: string };
}

interface AlertTest {
  alertname: string;
  exp_alerts?: unknown[];
}

export const folder = join(root, 'observability', 'prometheus');
export const filesIn = (name: string) => readdirSync(join(folder, name)).map((file) => join(folder, name, file));

/** All alerts and recording rules. */
export const rules: Rule[] = filesIn('rules').flatMap((file) =>
  (parse(readFileSync(file, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules),
);

/** The expectations of all tests about alerts. */
export const alertTests: AlertTest[] = filesIn('tests').flatMap((file) =>
  (parse(readFileSync(file, 'utf8')) as { tests: { alert_rule_test?: AlertTest[] }[] }).tests.flatMap(
    ({ alert_rule_test = [] }) => alert_rule_test,
  ),
);
