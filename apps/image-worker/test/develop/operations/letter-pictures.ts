import assert from 'node:assert/strict'
import { drawn, inspectResult } from '../inspect.ts'
import { drawing, rasterFrom } from '../rasters.ts'
import { run } from '../run.ts'

/** Each letter is a colour, so that pictures can be written and read as text. */
const colours: Readonly<Record<string, string>> = {
  a: 'ff0000', b: '00ff00', c: '0000ff', d: 'ffff00', e: 'ff00ff', f: '00ffff', w: 'ffffff', k: '000000',
} // biome-ignore format: a table

export async function pngOf(letters: readonly string[], suffix = '', bits: 8 | 16 = 8): Promise<Uint8Array> {
  const rows = letters.map(row =>
    [...row].map(letter => inBits(colours[letter] ?? '', bits) + suffix).join(' '),
  )
  return drawing(rasterFrom(rows, bits)).png().toBuffer()
}

function inBits(hex: string, bits: 8 | 16): string {
  return bits === 8 ? hex : hex.replaceAll(/../g, '$&$&')
}

export async function assertDraws(
  file: Uint8Array,
  operations: string,
  letters: readonly string[],
): Promise<void> {
  const result = await inspectResult(await run(file, operations))
  const names = new Map(Object.entries(colours).map(([letter, hex]) => [hex, letter]))
  const read = drawn(result).map(row =>
    row
      .split(' ')
      .map(
        pixel =>
          names.get(result.isDeep ? pixel.replaceAll(/(..)../g, '$1').slice(0, 6) : pixel.slice(0, 6)) ?? '?',
      )
      .join(''),
  )
  assert.deepEqual(read, letters, operations)
}
