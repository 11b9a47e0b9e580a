import { domainToASCII, domainToUnicode } from 'node:url';

/**
 * The Stream-Safe Text Format of UAX #15 allows 30 marks in a row. To normalize more takes time in proportion to their square, and no
 * language needs them.
 */
const MARKS_IN_A_ROW = /\p{Mark}{31}/u;

export const isStreamSafe = (text: string): boolean => !MARKS_IN_A_ROW.test(text);

/** Characters without a shape of their own, such as zero-width spaces, soft hyphens, bidirectional controls and Hangul fillers. */
const IGNORABLE = /[\p{Default_Ignorable_Code_Point}\p{Format}]/gu;
/** The ignorable characters that change the shape of their neighbours in Persian, Indic scripts and emoji. */
const SHAPING = /[\p{Join_Control}\u{E0020}-\u{E007F}\p{Variation_Selector}]/u;
/** A character that prints something. U+2800 is a blank braille pattern, and U+1D159 a blank musical symbol. */
const VISIBLE = /[^\s\p{Control}\p{Default_Ignorable_Code_Point}\p{Format}\p{Separator}\p{Mark}\u2800\u{1D159}]/u;

/** Whether anything in the text is visible. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/**
 * Text that people read, as it is stored: in NFC, without invisible characters that do not shape their neighbours. Bidirectional
 * controls are removed too, so a name cannot reverse the text around it. Text that is invalid stays as it is: without a visible
 * character, or with too many marks in a row.
 */
export function readableText(text: string): string {
  if (!isVisible(text) || !isStreamSafe(text)) return text;
  return text.normalize('NFC').replace(IGNORABLE, (character) => (SHAPING.test(character) ? character : ''));
}

/** The maximum length of a password that is normalized, in UTF-16 code units. Longer ones are invalid. */
const MAX_PASSWORD_UNITS = 1_000;

/**
 * A password as it is hashed: in NFKC, as NIST SP 800-63B-4 says, and with each space as U+0020, as RFC 8265 says. Case stays.
 */
export const normalizedPassword = (password: string): string =>
  password.length > MAX_PASSWORD_UNITS ? password : password.normalize('NFKC').replace(/\p{Space_Separator}/gu, ' ');

/** The maximum length of an e-mail address that is looked at, in UTF-16 code units. Longer ones are invalid. */
const MAX_EMAIL_UNITS = 1_000;

/** Case folding of Unicode, as far as NFKC leaves a difference to lowercase. */
const caseFolded = (text: string): string => text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');

/**
 * The one form of an e-mail address that equal addresses share. The local part is in NFKC, case folded and without invisible
 * characters; the domain is in Unicode, whether it was written in Unicode or as `xn--`. Empty if it is not an address.
 */
export function canonicalEmail(email: string): string {
  if (email.length > MAX_EMAIL_UNITS) return '';
  const text = email.normalize('NFKC').trim();
  const at = text.lastIndexOf('@');
  const local = caseFolded(text.slice(0, Math.max(at, 0)).replace(IGNORABLE, '')).normalize('NFKC');
  const domain = canonicalDomain(text.slice(at + 1));
  return local && domain && `${local}@${domain}`;
}

/** Without characters that URLs give a meaning: `domainToASCII` parses a URL. */
const DOMAIN = /^[a-z0-9.\-\u0080-\u{10FFFF}]+$/iu;

/** Empty if the domain is invalid by UTS #46, or if its Unicode form belongs to another domain. */
function canonicalDomain(domain: string): string {
  if (!DOMAIN.test(domain)) return '';
  const ascii = domainToASCII(domain);
  const unicode = domainToUnicode(ascii);
  return domainToASCII(unicode) === ascii ? unicode : '';
}
