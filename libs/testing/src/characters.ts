const surrogates = { first: 0xd800, count: 0x800 }

/** The characters of Unicode have the numbers 0 to this: the code points without the surrogates. */
export const lastCharacter = 0x10_ffff - surrogates.count

/**
 * A character by its number. `fc.nat(lastCharacter).map(characterOf)` is a unit of `fc.string` that gives any text;
 * fast-check's own unit `binary` first makes a table of all characters, which takes seconds.
 */
export function characterOf(number: number): string {
  return String.fromCodePoint(number < surrogates.first ? number : number + surrogates.count)
}
