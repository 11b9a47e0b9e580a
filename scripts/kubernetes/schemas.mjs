// Whether manifests are what the Kubernetes API takes, by the types of npm packages: `kinds.ts` says which. The compiler
// refuses unknown fields, as for any literal; the packages' own validators look at numbers, formats and patterns besides.
import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../workspace.ts';

const KINDS = join(root, 'scripts', 'kubernetes', 'kinds.ts');
/** Where the compiler is told that the manifests are; nothing is written there. */
const MANIFESTS = join(root, 'scripts', 'kubernetes', 'manifests.ts');
const PACKAGES = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};
/** Their validators are not to be had. */
const TYPES_ALONE = ['postgresql.cnpg.io', 'rabbitmq.com', 'traefik.io'];

/**
 * @param manifests [what they are told by, manifest] of each
 * @returns a line for each fault.
 */
export async function schemaFaults(manifests) {
  const faults = typeFaults(manifests);
  for (const [name, manifest] of manifests) faults.push(...(await validatorFaults(name, manifest)));
  return [...new Set(faults)];
}

function typeFaults(manifests) {
  const text = [
    `import type { Kinds } from './kinds.ts';`,
    ...manifests.map(
      ([, manifest], index) =>
        `export const m${index}: Kinds[${JSON.stringify(`${manifest.apiVersion} ${manifest.kind}`)}] = ${JSON.stringify(manifest)};`,
    ),
  ].join('\n');
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    allowImportingTsExtensions: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (file) => file === MANIFESTS || fileExists(file);
  host.getSourceFile = (file, ...rest) =>
    file === MANIFESTS ? ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true) : getSourceFile(file, ...rest);
  const program = ts.createProgram([MANIFESTS, KINDS], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (file?.fileName !== MANIFESTS) return `${file?.fileName ?? 'typescript'}: ${message}`;
    // The first line is the import.
    const [name] = manifests[file.getLineAndCharacterOfPosition(start).line - 1];
    return `${name}, ${pathAt(file, start)}: ${message}`;
  });
}

/** Which field of the manifest stands there, as in spec.template.spec */
function pathAt(file, position) {
  const path = [];
  const visit = (node) => {
    if (position < node.getStart(file) || position >= node.getEnd()) return;
    if (ts.isPropertyAssignment(node)) path.push(node.name.text);
    if (ts.isArrayLiteralExpression(node.parent)) path.push(node.parent.elements.indexOf(node));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return path.join('.') || 'the whole';
}

async function validatorFaults(name, { apiVersion, kind, ...rest }) {
  const [group] = apiVersion.split('/');
  if (TYPES_ALONE.includes(group)) return [];
  const module = `${PACKAGES[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
  const models = await import(module).catch(() => undefined);
  if (!models) return [`${name}: there is no ${module}`];
  try {
    new models[kind](rest).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
