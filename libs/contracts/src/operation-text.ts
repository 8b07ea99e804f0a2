/** How the table of operations reads what stands behind `name:`. What isn't read is left to the schema to refuse. */

/** Thrown for operations that can't be read; its message says what is wrong and what would be right. */
export class InvalidOperations extends Error {}

export function nothing(text: string): Record<string, unknown> {
  if (text === '') return {}
  throw new InvalidOperations(`it takes nothing, not "${text}"`)
}

export function optional(name: string, text: string | undefined): Record<string, unknown> {
  return text === undefined || text === '' ? {} : { [name]: text }
}

export function number(name: string, text: string | undefined): Record<string, unknown> {
  if (text === undefined || text === '') return {}
  return { [name]: /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : text }
}

/** @throws InvalidOperations */
export function matchOrThrow(pattern: RegExp, text: string): RegExpExecArray {
  const match = pattern.exec(text)
  if (match) return match
  throw new InvalidOperations(`"${text}" is not of the form it takes`)
}

/**
 * Words between colons, in any order, each an argument's by what it looks like. A word that no pattern fits is the
 * value of `other`, whose schema then lists what it takes.
 *
 * @throws InvalidOperations for two words for one argument
 */
export function words(
  text: string,
  patterns: Readonly<Record<string, RegExp>>,
  other: string,
): Record<string, unknown> {
  const read: Record<string, string> = {}
  for (const word of text.split(':').filter(word => word !== '')) {
    const name = Object.keys(patterns).find(name => patterns[name]?.test(word)) ?? other
    if (read[name] !== undefined) throw new InvalidOperations(`one ${name} is enough: ${read[name]}, ${word}`)
    read[name] = word
  }
  return read
}

/**
 * Other spellings of names and values that people try, as the table spells them. They are taken everywhere, and turned
 * into the table's.
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
