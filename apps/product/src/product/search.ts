/** Scripts whose words may lack spaces between them. The functions of migration 004-search have the same ranges. */
const UNSPACED = String.raw`\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3005-\u3007\u3031-\u3035\u3038-\u303c\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\u{20000}-\u{3ffff}`;
const RUNS = new RegExp(`([${UNSPACED}]+)`, 'u');

export const isUnspaced = (text: string): boolean => RUNS.test(text);

/**
 * The text of a search for PostgreSQL's `websearch_to_tsquery`, which knows words, "a phrase", `or` and `-without`. Any text is
 * valid. PostgreSQL folds case and accents.
 */
export function websearchText(search: string): string {
  const text = search
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}+/gu, '')
    // By Unicode and not by the database's locale.
    .replace(/[^\p{L}\p{M}\p{N}"-]+/gu, ' ')
    // websearch_to_tsquery fails for more than 30 of these without a word.
    .replace(/-(?![\p{L}\p{N}"])/gu, ' ');
  const parts = text.split('"');
  const isQuoted = (i: number) => i % 2 === 1 && i < parts.length - 1;
  return parts
    .map((part, i) => (isQuoted(i) ? `"${phraseOf(part)}"` : part.replace(/(?<=^|[\s-])[^\s-]+/gu, termOf)))
    .join('');
}

/** A word without spaces is a phrase of pairs of characters. */
const termOf = (word: string) => (isUnspaced(word) ? `"${phraseOf(word)}"` : word);

/** `abcd` is stored as `a ab bc cd d`. A phrase may begin and end in the middle, so it omits the first `a` and the last `d`. */
function phraseOf(text: string): string {
  const parts = text.split(RUNS).filter((part) => part.trim());
  return parts
    .flatMap((part, i) => {
      if (!isUnspaced(part)) return [part.trim()];
      const characters = [...part];
      if (parts.length === 1 && characters.length === 1) return characters;
      const pairs = characters.slice(1).map((character, j) => characters[j] + character);
      return [
        ...(i > 0 ? characters.slice(0, 1) : []),
        ...pairs,
        ...(i < parts.length - 1 ? characters.slice(-1) : []),
      ];
    })
    .join(' ');
}
