import { SchematicsException, type Rule, type Tree } from '@angular-devkit/schematics';
import { format, getFileInfo, resolveConfig } from 'prettier';

/** Replaces the first match in a file. Fails if the file has none, because then a registration would be missing. */
export function replace(tree: Tree, path: string, pattern: RegExp, replacement: string): void {
  const text = tree.readText(path);
  if (!pattern.test(text)) throw new SchematicsException(`${path} has no match for ${pattern}`);
  tree.overwrite(path, text.replace(pattern, replacement));
}

export const insertBefore = (tree: Tree, path: string, pattern: RegExp, text: string) =>
  replace(tree, path, pattern, `${text}$&`);

export const insertAfter = (tree: Tree, path: string, pattern: RegExp, text: string) =>
  replace(tree, path, pattern, `$&${text}`);

export const append = (tree: Tree, path: string, text: string) => tree.overwrite(path, tree.readText(path) + text);

/** Adds an import after the last one. */
export const addImport = (tree: Tree, path: string, statement: string) =>
  insertAfter(tree, path, /^import [^;]*;\n(?![^]*^import )/m, `${statement}\n`);

/** Exports everything from a module, after the last such export. */
export const addExport = (tree: Tree, path: string, module: string) =>
  insertAfter(tree, path, /^export \* from [^;]*;\n(?![^]*^export \* from )/m, `export * from '${module}';\n`);

/** Formats every created or changed file with Prettier. */
export function formatFiles(): Rule {
  return async (tree) => {
    const paths = new Set(tree.actions.filter(({ kind }) => kind !== 'd').map(({ path }) => path.slice(1)));
    for (const path of paths) {
      const { inferredParser } = await getFileInfo(path);
      if (!inferredParser) continue;
      const options = { ...(await resolveConfig(path, { editorconfig: false })), filepath: path };
      tree.overwrite(path, await format(tree.readText(path), options));
    }
  };
}
