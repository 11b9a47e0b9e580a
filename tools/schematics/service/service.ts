import {
  apply,
  applyTemplates,
  chain,
  mergeWith,
  SchematicsException,
  url,
  type Rule,
  type Tree,
} from '@angular-devkit/schematics';
import { randomBytes } from 'node:crypto';
import { formatFiles } from '../edit.ts';
import { namesOf } from '../names.ts';
import { register } from './register.ts';

const PORT_STEP = 1_000;

/** `service <name>`: writes the app, its contract and its deployment, and registers it wherever services are listed. */
export function service({ name }: { name: string }): Rule {
  return (tree) => {
    if (tree.exists(`apps/${name}/src/main.ts`)) throw new SchematicsException(`apps/${name} exists already`);
    const names = { ...namesOf(name), port: nextPort(tree), localPassword: `local-${randomBytes(6).toString('hex')}` };
    return chain([
      mergeWith(apply(url('./files'), [applyTemplates(names)])),
      (tree) => register(tree, names),
      formatFiles(),
    ]);
  };
}

function nextPort(tree: Tree): number {
  const [, ports = ''] = /DEFAULT_PORTS[^{]*\{([^}]*)\}/.exec(tree.readText('libs/contracts/src/services.ts')) ?? [];
  return Math.max(...[...ports.matchAll(/: (\d+)/g)].map(([, port]) => Number(port))) + PORT_STEP;
}
