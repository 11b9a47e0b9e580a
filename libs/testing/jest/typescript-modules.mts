// Lets Node load the project's TypeScript: with decorators and the types that they need at run time.
import { transformSync, type Options } from '@swc/core';
import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const libs = new URL('../../', import.meta.url);
const globals = new URL('globals.mts', import.meta.url).href;

const options: Options = {
  swcrc: false,
  sourceMaps: 'inline',
  module: { type: 'es6' },
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  },
};

const isOwn = (url: string | undefined) => !!url?.startsWith('file:') && !url.includes('/node_modules/');

registerHooks({
  resolve(specifier, context, next) {
    if (specifier === '@jest/globals') return { url: globals, shortCircuit: true };
    const [, lib, file = 'index'] = /^@app\/([^/]+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (lib) return next(new URL(`${lib}/src/${file}.ts`, libs).href, context);
    if (specifier.startsWith('.') && specifier.endsWith('.js') && isOwn(context.parentURL)) {
      const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
      if (existsSync(source)) return next(source.href, context);
    }
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!isOwn(url) || !new URL(url).pathname.endsWith('.ts')) return next(url, context);
    const { source } = next(url, { ...context, format: 'module' });
    const { code } = transformSync(String(source), { ...options, filename: fileURLToPath(url) });
    return { format: 'module', source: code, shortCircuit: true };
  },
});
