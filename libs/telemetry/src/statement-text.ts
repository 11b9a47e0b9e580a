/** Comments, names in double quotes, then all that a value can be: 'text', $$text$$ and numbers. */
const TOKENS =
  /--.*|\/\*[^]*?\*\/|"(?:[^"]|"")*"|(?:\be)?'(?:[^']|'')*(?:'|$)|\$([a-z_]\w*)?\$[^]*?(?:\$\1\$|$)|(?<![\w"$.])-?\d[\d.]*(?:e[+-]?\d+)?/gi;

const LONGEST = 1_000;

/** A statement of SQL without its values, which the ORM writes into it: `where email = ?`; its first thousand characters. */
export function withoutValues(statement: string): string {
  return statement
    .slice(0, 4 * LONGEST)
    .replace(TOKENS, (token) =>
      token[0] === '"' ? token : token.startsWith('--') || token.startsWith('/*') ? '' : '?',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST);
}
