import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { startPage } from './graphiql-script.js';
import { TABS } from './graphiql-tabs.js';

const require = createRequire(join(import.meta.dirname, 'graphiql-page.js'));

const STYLE = `
  body { display: flex; flex-direction: column; height: 100vh; margin: 0; }
  #root { flex: 1; min-height: 0; }
  #root .graphiql-container { height: 100%; width: 100%; }
  #bar { align-items: center; background: #1f2430; color: #e6e8ee; display: flex; font: 14px system-ui, sans-serif; gap: 12px; padding: 8px 16px; }
  #bar b { font-size: 16px; margin-right: 8px; }
  #bar label { align-items: center; display: flex; flex: 1; gap: 8px; }
  #bar input { background: #2c3342; border: 1px solid #454e62; border-radius: 4px; color: inherit; flex: 1; font: 12px ui-monospace, monospace; min-width: 0; padding: 6px 8px; text-overflow: ellipsis; }
  #bar button { background: #3b5bdb; border: 0; border-radius: 4px; color: #fff; cursor: pointer; font: inherit; padding: 5px 12px; }
  .graphiql-container .graphiql-logo { display: none; }
`;

/** The page of GraphiQL with all its scripts, styles and images. Loads them on the first request: most gateways never need them. */
export async function graphiqlPage(): Promise<string> {
  const graphiql = await import(/* webpackIgnore: true */ '@graphql-yoga/render-graphiql/graphiql');
  const { css, favicon, js, editorWorkerService, jsonWorker, graphqlWorker } = graphiql;
  const workers = JSON.stringify({ editorWorkerService, json: jsonWorker, graphql: graphqlWorker });
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Bazaar</title>
    <link rel="icon" href="${favicon}" />
    <style>${css}</style>
    <style>${STYLE}</style>
  </head>
  <body class="no-focus-outline">
    <div id="bar">
      <b>Bazaar</b>
      <label>
        Access token
        <input id="token" placeholder="Log in: all tabs then send the token" autocomplete="off" spellcheck="false" />
      </label>
      <button id="new-window" title="Opens this page again, with the same token">New window</button>
    </div>
    <div id="root"></div>
    ${script(`
      const workers = ${workers};
      self.MonacoEnvironment = {
        globalAPI: false,
        getWorkerUrl: (_, label) => URL.createObjectURL(new Blob([workers[label]], { type: 'application/javascript' })),
      };`)}
    ${script(js)}
    ${script(`(${startPage.toString()})(${JSON.stringify(TABS)}, ${await bundle('graphql-ws/client')}.createClient);`)}
  </body>
</html>`;
}

/** A script ends at the first closing tag, also at one within a string. */
const script = (source: string) => `<script>${source.replaceAll('</script', '<\\/script')}</script>`;

/** An expression whose value is a CommonJS module without dependencies, which may consist of several files of one folder. */
async function bundle(name: string): Promise<string> {
  const entry = require.resolve(name);
  const sources = new Map<string, string>();
  const add = async (file: string) => {
    if (sources.has(file)) return;
    const source = await readFile(join(dirname(entry), file), 'utf8');
    sources.set(file, source);
    for (const [, other] of source.matchAll(/require\(['"]\.\/([^'"]+)['"]\)/g)) await add(other!);
  };
  await add(basename(entry));
  const modules = [...sources].map(([file, source]) => `"./${file}"(exports, require) {${source}\n}`);
  return `((modules) => {
    const require = (file) => {
      const exports = {};
      modules[file](exports, require);
      return exports;
    };
    return require("./${basename(entry)}");
  })({${modules.join(',')}})`;
}
