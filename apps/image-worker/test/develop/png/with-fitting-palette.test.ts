import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { spaceOfNumbers } from '../../../src/develop/colour/colour-space.ts'
import { makeProfile } from '../../../src/develop/colour/make-profile.ts'
import { withFittingPalette } from '../../../src/develop/png/with-fitting-palette.ts'
import { assemblePng, chunk } from '../../permute/png/png-assembler.ts'
import { uint32 } from '../heic/heif-assembler.ts'
import { bytesOf } from '../run.ts'

const indexes = Uint8Array.from({ length: 12 * 9 }, (_, at) => at % 5)
const palette = chunk(
  'PLTE',
  Uint8Array.from({ length: 15 }, (_, at) => (at * 53) % 256),
)
const png = (...before: Buffer[]) =>
  assemblePng({ width: 12, height: 9, colorType: 3, bitDepth: 8, samples: indexes }, { before })

const displayP3 = makeProfile(spaceOfNumbers({ primaries: 12, transfer: 13 })) ?? assert.fail()
const gamma = chunk('gAMA', uint32(100_000))
const profileChunk = chunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(displayP3)]))
const opacities = (count: number) =>
  chunk(
    'tRNS',
    Uint8Array.from({ length: count }, (_, at) => at * 40),
  )
const cases = ['swap-channels:bgr', 'flip', 'flip,metadata:keep', 'invert', 'resize:6x', 'format:webp:90']

const fits: Record<string, [odd: Buffer, right: Buffer]> = {
  'a gamma after the palette': [png(palette, gamma), png(gamma, palette)],
  'a profile after the palette and the opacities': [
    png(palette, opacities(2), profileChunk),
    png(profileChunk, palette, opacities(2)),
  ],
  'more opacities than entries': [png(palette, opacities(6)), png(palette, opacities(5))],
  'opacities for 256 entries, and a late gamma': [
    png(palette, chunk('tRNS', new Uint8Array(256).fill(128)), gamma),
    png(gamma, palette, chunk('tRNS', new Uint8Array(5).fill(128))),
  ],
}

test('chunks that do not fit the palette of a PNG are used as in browsers', async () => {
  for (const [name, [odd, right]] of Object.entries(fits))
    for (const operations of cases)
      assert.deepEqual(
        await bytesOf(odd, operations),
        await bytesOf(right, operations),
        `${name}: ${operations}`,
      )
})

test('all other PNGs stay as they are', () => {
  const broken = opacities(6)
  broken.fill(0, broken.length - 4)
  for (const file of [
    png(gamma, palette, opacities(5)),
    png(gamma, palette, chunk('gAMA', uint32(45_455))),
    png(palette, chunk('tRNS', new Uint8Array(257))),
    png(palette, broken),
    png(palette, chunk('cICP', Uint8Array.of(12, 13, 0, 1))),
    png(),
  ])
    assert.equal(withFittingPalette(file), file)
})
