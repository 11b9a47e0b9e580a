import type { Tree } from '@angular-devkit/schematics';
import { addImport, append, insertAfter, insertBefore, replace } from '../edit.ts';
import type { ServiceNames } from '../names.ts';

/** Adds a service to each file that lists services; libs/contracts/src/services.spec.ts checks the same files. */
export function register(tree: Tree, names: ServiceNames & { port: number }): void {
  registerContract(tree, names);
  registerApp(tree, names);
  registerDeployment(tree, names);
  document(tree, names);
}

function registerContract(tree: Tree, { name, plural, port }: ServiceNames & { port: number }): void {
  const src = 'libs/contracts/src';
  replace(tree, `${src}/services.ts`, /(SERVICES = \[[^\]]*)\]/, `$1, '${name}']`);
  replace(tree, `${src}/services.ts`, /(DEFAULT_PORTS[^{]*\{[^}]*)\}/, `$1  ${name}: ${port},\n}`);
  addImport(tree, `${src}/contracts.ts`, `import { ${plural} } from './${name}/${name}.contract.js';`);
  replace(tree, `${src}/contracts.ts`, /(contracts = \{[^}]*?),?\s*\}/, `$1, ${name}: ${plural} }`);
  for (const kind of ['contract', 'dto'])
    append(tree, `${src}/index.ts`, `export * from './${name}/${name}.${kind}.js';\n`);
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

  // A build script that names the apps.
  const build = /("build": "nest build gateway [a-z ]*?) ?standalone"/;
  if (build.test(tree.readText('package.json'))) replace(tree, 'package.json', build, `$1 ${name} standalone"`);
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

function document(tree: Tree, { name, NAME, port }: ServiceNames & { port: number }): void {
  replace(tree, '.env.example', /^(# gateway and standalone \d+.*)$/m, `$1, ${name} ${port}`);
  insertBefore(tree, '.env.example', /^#MONITORING_DATABASE_PASSWORD=/m, `#${NAME}_DATABASE_PASSWORD=bazaar\n`);
  replace(tree, 'docs/operations.md', /^(\| `PORT` +\| [^|]*?) +\|/m, `$1; ${name} ${port} |`);
  insertBefore(tree, 'docs/operations.md', /^MONITORING_DATABASE_PASSWORD=/m, `${NAME}_DATABASE_PASSWORD=…\n`);
  insertBefore(
    tree,
    'deploy/kubernetes/README.md',
    /^\| `rabbitmq-default-user` /m,
    `| \`postgres-${name}-app\` | \`uri\` | the same |\n`,
  );
}
