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
import { addExport, addImport, formatFiles, insertBefore, replace } from '../edit.ts';
import { capitalized } from '../names.ts';

/** The names that templates use for `use-case refund --project payment`. */
interface UseCaseNames {
  /** `payment` */
  service: string;
  /** `payments`, the contract. */
  contract: string;
  /** `PaymentClient` */
  client: string;
  /** `refund`, in the contract. */
  verb: string;
  /** `refund-payment`, in file names. */
  file: string;
  /** `RefundPayment`, in class names. */
  Class: string;
  /** `refundPayment`, the field of the API. */
  field: string;
}

/** `use-case <verb> --project <service>`: writes the payload, handler, resolver and specs of a request, and registers them. */
export function useCase({ name, project }: { name: string; project: string }): Rule {
  return (tree) => {
    const names = namesIn(tree, name, project);
    return chain([
      mergeWith(apply(url('./files'), [applyTemplates(names)])),
      (tree) => register(tree, names),
      formatFiles(),
      (_tree, { logger }) => logger.info('Now run `npm run schema`, which adds the field to schema.graphql.'),
    ]);
  };
}

const contractFile = (service: string) => `libs/contracts/src/${service}/${service}.contract.ts`;

function namesIn(tree: Tree, verb: string, service: string): UseCaseNames {
  if (!tree.exists(contractFile(service))) throw new SchematicsException(`There is no service ${service}`);
  const source = tree.readText(contractFile(service));
  const [, contract] = /export const (\w+) = contract\(/.exec(source) ?? [];
  const [, client] = /export type (\w+) = ClientOf</.exec(source) ?? [];
  if (!contract || !client) throw new SchematicsException(`${contractFile(service)} has no contract or no client type`);
  if (new RegExp(`^ {4}${verb}: `, 'm').test(source)) throw new SchematicsException(`${contract} has ${verb} already`);
  const Class = capitalized(verb) + capitalized(service);
  return { service, contract, client, verb, file: `${verb}-${service}`, Class, field: verb + capitalized(service) };
}

function register(tree: Tree, { service, contract, verb, file, Class }: UseCaseNames): void {
  const entry = `    ${verb}: request(${Class}).answers<${Class}Result>(),\n`;
  insertBefore(tree, contractFile(service), /^ {2}\},\n {2}events:/m, entry);
  addImport(tree, contractFile(service), `import { ${Class}, ${Class}Result } from './${file}.dto.js';`);
  addExport(tree, 'libs/contracts/src/index.ts', `./${service}/${file}.dto.js`);

  const module = `apps/${service}/src/${service}.module.ts`;
  addImport(tree, module, `import { ${Class}Controller } from './${service}/${file}.controller.js';`);
  replace(tree, module, /(controllers: \[[^\]]*?),?\s*\]/, `$1, ${Class}Controller]`);

  const schema = 'apps/gateway/src/schema.ts';
  addImport(tree, schema, `import { ${Class}Resolver } from './${service}/${file}.resolver.js';`);
  replace(tree, schema, /(resolvers = \[[^\]]*?),?\s*\]/, `$1, ${Class}Resolver]`);

  const gateway = 'apps/gateway/src/gateway.module.ts';
  if (new RegExp(`RequestClients\\.to\\([^)]*\\b${contract}\\b`).test(tree.readText(gateway))) return;
  replace(tree, gateway, /(RequestClients\.to\([^)]*)\)/, `$1, ${contract})`);
  replace(tree, gateway, /(import \{[^}]*?),? \} from '@app\/contracts';/, `$1, ${contract} } from '@app/contracts';`);
}
