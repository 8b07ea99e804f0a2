const surrogates = { first: 0xd800, count: 0x800 }

/** The greatest number of a character. Numbers skip the surrogates, which are code points but not characters. */
export const lastCharacter = 0x10_ffff - surrogates.count

/**
 * Returns the character with a number. `fc.nat(lastCharacter).map(characterOf)` is a unit of `fc.string` for any text.
 * fast-check's own unit `binary` first builds a table of all characters, which takes seconds.
 */
export function characterOf(number: number): string {
  return String.fromCodePoint(number < surrogates.first ? number : number + surrogates.count)
}
