import { spawnSync } from 'node:child_process';

/** The command that builds a folder. Older versions of kubectl support neither components nor replacements. */
export const kustomize = findKustomize();

function findKustomize() {
  if (spawnSync('kustomize', ['version']).status === 0) return { command: 'kustomize', verb: 'build' };
  const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
  const supported = status === 0 && /Kustomize Version: v([5-9]|\d\d)/.test(stdout);
  return supported ? { command: 'kubectl', verb: 'kustomize' } : undefined;
}
