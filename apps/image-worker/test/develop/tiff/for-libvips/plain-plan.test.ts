import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainPlanOf } from '../../../../src/develop/tiff/for-libvips/plain-plan.ts'
import { tiffPages } from '../../../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../../src/develop/tiff/tiff-writer.ts'
import { tiffOf } from '../tiff-files.ts'

const canBePlain = (tiff: Uint8Array) => plainPlanOf(tiffPages(tiff)[0] ?? assert.fail(), true) !== undefined

test('four inks become plain samples only if they are CMYK', () => {
  const inks = new Array<number>(8).fill(9)
  assert.equal(canBePlain(tiffOf(5, inks)), true)
  assert.equal(canBePlain(tiffOf(5, inks, [], [shortsEntry(332, 1)])), true)
  assert.equal(canBePlain(tiffOf(5, inks, [], [shortsEntry(332, 2)])), false)
})

test('indexes of a palette become plain samples only up to 8 bits', () => {
  const palette = (bits: number) =>
    encodeTiff(writer => [
      ...[longsEntry(256, 2), longsEntry(257, 1), shortsEntry(258, bits), shortsEntry(259, 1)],
      ...[shortsEntry(262, 3), longsEntry(273, writer.append(new Uint8Array(4))), shortsEntry(277, 1)],
      ...[longsEntry(278, 1), longsEntry(279, 4), shortsEntry(320, ...new Array(3 * 2 ** bits).fill(0))],
    ])
  assert.equal(canBePlain(palette(6)), true)
  assert.equal(canBePlain(palette(8)), true)
  assert.equal(canBePlain(palette(10)), false)
})
