/* Parsers for the text after `name:`. Values that they can't read are passed on, and the schema refuses them. */

/** Thrown for operations that can't be read. The message explains what is wrong and what would be right. */
export class InvalidOperations extends Error {}

export function nothing(text: string): Record<string, unknown> {
  if (text === '') return {}
  throw new InvalidOperations(`it takes no arguments, got "${text}"`)
}

export function optional(name: string, text: string | undefined): Record<string, unknown> {
  return text === undefined || text === '' ? {} : { [name]: text }
}

export function number(name: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === '') return {}
  // A plus sign in a URL's query is a space. Programming languages write small numbers as 1e-05.
  return {
    [name]: /^[ +-]?(\d+\.?\d*|\.\d+)(e[ +-]?\d+)?$/i.test(text) ? Number(text.replaceAll(' ', '+')) : text,
  }
}

/** @throws InvalidOperations */
export function matchOrThrow(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text)
  if (match) return match
  throw new InvalidOperations(`"${text}" is not valid`)
}

/**
 * Reads words between colons, in any order; a word belongs to the argument whose pattern it fits. A word that fits
 * no pattern becomes the value of `other`, whose schema then lists the allowed values.
 *
 * @throws InvalidOperations if an argument is given twice
 */
export function words(
  text: string,
  patterns: Readonly<Record<string, RegExp>>,
  other: string,
): Record<string, unknown> {
  const read: Record<string, string> = {}
  for (const word of text.split(':').filter(word => word !== '')) {
    const name = Object.keys(patterns).find(name => patterns[name]?.test(word)) ?? other
    if (read[name] !== undefined)
      throw new InvalidOperations(`${name} is given twice: ${read[name]} and ${word}`)
    read[name] = word
  }
  return read
}

/**
 * Other spellings of names and values that people try. They are accepted everywhere and replaced by the spelling of
 * the table.
 */
const otherSpellings: Readonly<Record<string, string>> = {
  grayscale: 'greyscale',
  normalize: 'normalise',
  jpg: 'jpeg',
  tif: 'tiff',
  centre: 'center',
  white: 'ffffff',
  black: '000000',
}

export function asTableSpells(word: string): string {
  if (Object.hasOwn(otherSpellings, word)) return otherSpellings[word] ?? word
  return word.replace(/^#(?=([0-9a-f]{6}|[0-9a-f]{8})$)/i, '')
}

/** The other spellings of a name or a value. */
export function aliasesOf(word: string): string[] {
  return Object.keys(otherSpellings).filter(other => otherSpellings[other] === word)
}
