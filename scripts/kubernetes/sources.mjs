// What the project's sources say that manifests must agree with; read, not run, so that nothing has to be built.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../workspace.ts';

const read = (...path) => readFileSync(join(root, ...path), 'utf8');
const classesIn = (...path) => {
  const classes = {};
  const source = ts.createSourceFile(path.at(-1), read(...path), ts.ScriptTarget.ES2023, true);
  ts.forEachChild(source, (node) => {
    if (ts.isClassDeclaration(node)) classes[node.name.text] = node;
  });
  return classes;
};

/** @returns the variables that an app's config class knows, with those that it inherits. */
export function variablesOf(app) {
  const classes = {
    ...classesIn('libs', 'platform', 'src', 'config', 'service-config.ts'),
    ...classesIn('apps', app, 'src', 'config.ts'),
  };
  const variables = new Set();
  let type = Object.values(classes).at(-1);
  while (type) {
    for (const member of type.members)
      if (ts.isPropertyDeclaration(member) && /^[A-Z]/.test(member.name.text)) variables.add(member.name.text);
    type = classes[type.heritageClauses?.[0]?.types[0].expression.getText()];
  }
  return variables;
}

/** Seconds until a process has ended by itself after SIGTERM. */
export function stopSeconds() {
  const [, milliseconds] = /STOP_TIMEOUT_MS = ([\d_]+)/.exec(read('libs', 'platform', 'src', 'run-service.ts'));
  return Number(milliseconds.replaceAll('_', '')) / 1_000;
}

/** Passwords that everybody knows, and that production refuses. */
export function samplePasswords() {
  const [, list] = /SAMPLE_PASSWORDS = new Set\(\[(.*)\]\)/.exec(
    read('libs', 'platform', 'src', 'config', 'is-service-url.ts'),
  );
  return list.split(',').map((word) => word.trim().slice(1, -1));
}

/** `name/key` of each Secret that deploy/kubernetes/README.md says somebody else makes. */
export function documentedSecrets() {
  const rows = read('deploy', 'kubernetes', 'README.md').matchAll(/^\| `([\w-]+)` +\| ([^|]+)\|/gm);
  return new Set(
    [...rows].flatMap(([, name, keys]) => [...keys.matchAll(/`([\w.]+)`/g)].map(([, key]) => `${name}/${key}`)),
  );
}
