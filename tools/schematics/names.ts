/** The names that templates use for a service. */
export interface ServiceNames {
  /** `payment` */
  name: string;
  /** `Payment`, the entity. */
  Name: string;
  /** `payments`: the contract and the table. */
  plural: string;
  /** `Payments` */
  Plural: string;
  /** `PAYMENT`, in environment variables. */
  NAME: string;
}

export const capitalized = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export function namesOf(name: string): ServiceNames {
  const plural = pluralOf(name);
  return { name, Name: capitalized(name), plural, Plural: capitalized(plural), NAME: name.toUpperCase() };
}

function pluralOf(word: string): string {
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(word) ? `${word}es` : `${word}s`;
}
