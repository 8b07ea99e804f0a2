import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeTiff, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { inspectResult } from '../../inspect.ts'
import { run } from '../../run.ts'
import { photo, rgba } from '../tiff-files.ts'

const [width, height] = [40, 30]
const pixels = await photo().resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer()
const operations = ['swap-channels:rgb', 'flip,flip', 'format:png']
const [clear, end] = [256, 257]

test('LZW whose codes have their low bits first, as the first programs wrote it, is developed exactly', async () => {
  for (const operation of operations) {
    const { samples } = await inspectResult(await run(tiffOf(oldLzw(pixels)), operation))
    assert.deepEqual(samples, rgba([...pixels]), operation)
  }
})

test('such LZW is refused if it is cut off', async () => {
  const packed = oldLzw(pixels)
  for (const operation of operations)
    await assert.rejects(run(tiffOf(packed.subarray(0, packed.length / 2)), operation), {
      code: 'undecodable-image',
    })
})

test('such LZW in tiles of an odd size is refused', async () => {
  const packed = oldLzw(pixels)
  for (const operation of operations)
    await assert.rejects(run(tiffOf(packed, 'tile'), operation), /old-style LZW is not supported/)
})

/** Codes of nine bits, which stand for single bytes: the table is cleared before codes become longer. */
function oldLzw(bytes: Uint8Array): Uint8Array {
  const codes: number[] = []
  for (const [index, byte] of bytes.entries()) codes.push(...(index % 200 === 0 ? [clear] : []), byte)
  const packed = new Uint8Array(Math.ceil((9 * (codes.length + 1)) / 8))
  for (const [index, code] of [...codes, end].entries())
    for (let bit = 0; bit < 9; bit++) {
      const at = 9 * index + bit
      packed[at >> 3] = (packed[at >> 3] ?? 0) | (((code >> bit) & 1) << (at & 7))
    }
  return packed
}

function tiffOf(packed: Uint8Array, cut: 'strip' | 'tile' = 'strip'): Uint8Array {
  return encodeTiff(writer => {
    const [at, bytes] = [writer.append(packed), packed.length]
    const tile = [
      longsEntry(322, width),
      longsEntry(323, height),
      longsEntry(324, at),
      longsEntry(325, bytes),
    ]
    const strip = [longsEntry(273, at), longsEntry(278, height), longsEntry(279, bytes)]
    return [
      ...[longsEntry(256, width), longsEntry(257, height), shortsEntry(258, 8, 8, 8), shortsEntry(259, 5)],
      ...[shortsEntry(262, 2), shortsEntry(277, 3), ...(cut === 'tile' ? tile : strip)],
    ]
  })
}
