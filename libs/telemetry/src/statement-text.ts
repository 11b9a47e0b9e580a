/** Comments, names in double quotes, and values: 'text', $$text$$ and numbers. */
const TOKENS =
  /--.*|\/\*[^]*?\*\/|"(?:[^"]|"")*"|(?:\be)?'(?:[^']|'')*(?:'|$)|\$([a-z_]\w*)?\$[^]*?(?:\$\1\$|$)|(?<![\w"$.])-?\d[\d.]*(?:e[+-]?\d+)?/gi;

const MAX_LENGTH = 1_000;

/** An SQL statement without the values that the ORM wrote into it (`where email = ?`), cut at a thousand characters. */
export function withoutValues(statement: string): string {
  return statement
    .slice(0, 4 * MAX_LENGTH)
    .replace(TOKENS, (token) =>
      token[0] === '"' ? token : token.startsWith('--') || token.startsWith('/*') ? '' : '?',
    )
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, MAX_LENGTH);
}
