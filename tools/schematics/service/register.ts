import type { Tree } from '@angular-devkit/schematics';
import { addExport, addImport, append, insertAfter, insertBefore, replace } from '../edit.ts';
import type { ServiceNames } from '../names.ts';

/** Adds a service to each file that lists services; libs/contracts/src/services.spec.ts checks the same files. */
export function register(tree: Tree, names: ServiceNames & { port: number }): void {
  registerContract(tree, names);
  registerApp(tree, names);
  registerDeployment(tree, names);
}

function registerContract(tree: Tree, { name, plural, port }: ServiceNames & { port: number }): void {
  const src = 'libs/contracts/src';
  replace(tree, `${src}/services.ts`, /(SERVICES = \[[^\]]*)\]/, `$1, '${name}']`);
  replace(tree, `${src}/services.ts`, /(DEFAULT_PORTS[^{]*\{[^}]*)\}/, `$1  ${name}: ${port},\n}`);
  addImport(tree, `${src}/index.ts`, `import { ${plural} } from './${name}/${name}.contract.js';`);
  replace(tree, `${src}/index.ts`, /(contracts = \{[^}]*?),?\s*\}/, `$1, ${name}: ${plural} }`);
  for (const kind of ['contract', 'dto']) addExport(tree, `${src}/index.ts`, `./${name}/${name}.${kind}.js`);
}

function registerApp(tree: Tree, { name, Name }: ServiceNames): void {
  const nestCli = tree.readJson('nest-cli.json') as { projects: Record<string, object> };
  const projects = Object.entries(nestCli.projects);
  const position = projects.findIndex(([project]) => project === 'standalone');
  const app = JSON.stringify(nestCli.projects.standalone).replaceAll('standalone', name);
  projects.splice(position, 0, [name, JSON.parse(app) as object]);
  tree.overwrite('nest-cli.json', JSON.stringify({ ...nestCli, projects: Object.fromEntries(projects) }, null, 2));

  const standaloneApp = 'apps/standalone/src/standalone.ts';
  insertBefore(
    tree,
    standaloneApp,
    /^import .* from '@app\/platform';$/m,
    `import { ${Name}Config } from '../../${name}/src/config.js';\nimport { ${name}Service } from '../../${name}/src/${name}.module.js';\n`,
  );
  replace(tree, standaloneApp, /(SERVICES = \[[^\]]*)\]/, `$1  { service: ${name}Service, config: ${Name}Config },\n]`);
}

function registerDeployment(tree: Tree, { name, NAME }: ServiceNames): void {
  const compose = 'docker-compose.yml';
  const password = `\${${NAME}_DATABASE_PASSWORD:-bazaar}`.replaceAll('$', '$$$$');
  insertBefore(
    tree,
    compose,
    /^ {2}postgres:\n/m,
    `  ${name}:
    <<: *service
    image: bazaar/${name}
    build: { context: ., args: { APP: ${name} } }
    environment:
      <<: *environment
      DATABASE_URL: postgres://bazaar_${name}:${password}@postgres:5432/bazaar_${name}

`,
  );
  insertBefore(tree, compose, /^ +MONITORING_DATABASE_PASSWORD:/m, `      ${NAME}_DATABASE_PASSWORD: ${password}\n`);
  // The last service that the gateway depends on.
  insertAfter(
    tree,
    compose,
    /^ {6}\w+: \{ condition: service_healthy \}\n(?=\n)/m,
    `      ${name}: { condition: service_healthy }\n`,
  );
  append(tree, 'deploy/kubernetes/services/kustomization.yaml', `  - ${name}\n`);
}
