import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesSource, readAvifCoding } from '@darkroom/image-header'
import sharp from 'sharp'
import { signAvif } from '../../../src/develop/avif/sign-avif.ts'
import { firstDataOf } from '../../permute/png/png-assembler.ts'
import { assertSame, type Inspected, inspect } from '../inspect.ts'
import { bytesOf } from '../run.ts'
import { avif, geometric } from './files.ts'

const colouring = ['greyscale', 'invert', 'brightness:1.2', 'tint:e0a060', 'sharpen']

for (const [name, primaries, transfer] of [
  ['p3', 12, 13],
  ['hdr', 9, 16],
] as const) {
  test(`AVIF of CICP ${primaries}/${transfer} keeps its primaries and its transfer, with the matrix of its encoding`, async () => {
    for (const operation of [...geometric, ...colouring, 'metadata:keep', 'format:avif:100']) {
      const result = await bytesOf(await avif(name), operation)
      assert.deepEqual(await signedIn(result), [
        [primaries, transfer, 6],
        [primaries, transfer, 6],
      ])
    }
  })

  test(`AVIF of CICP ${primaries}/${transfer} becomes a PNG with these numbers, and an AVIF again`, async () => {
    const png = await bytesOf(await avif(name), 'format:png')
    assert.deepEqual([...(firstDataOf(png, 'cICP') ?? [])], [primaries, transfer, 0, 1])
    assertSame({ ...(await inspect(png)), format: '' }, filled(await inspect(await avif(name))))
    const flopped = await bytesOf(png, 'flop')
    assert.deepEqual(firstDataOf(flopped, 'cICP'), firstDataOf(png, 'cICP'))
    const [container] = await signedIn(await bytesOf(png, 'format:avif'))
    assert.deepEqual(container, [primaries, transfer, 6])
  })
}

/** The AVIF has 10 bits, so the lower bits of the samples that sharp returns are 0. */
function filled(avif: Inspected): Inspected {
  const samples = avif.samples.map(sample => (avif.isDeep ? sample | (sample >> 10) : sample))
  return { ...avif, format: '', samples }
}

/** The colour numbers of the container's box and of the AV1 data. */
async function signedIn(file: Uint8Array): Promise<(number[] | undefined)[]> {
  const bytes = Buffer.from(file)
  await sharp(bytes, { failOn: 'warning' }).stats()
  const { places } = (await readAvifCoding(bytesSource(bytes))) ?? assert.fail()
  const [container] = places.containers
  const { sequence } = places
  return [
    container === undefined ? undefined : [0, 2, 4].map(at => bytes.readUInt16BE(container + at)),
    sequence === undefined ? undefined : [0, 8, 16].map(bit => numberAt(bytes, sequence + bit)),
  ]
}

function numberAt(bytes: Buffer, bit: number): number {
  return (bytes.readUInt16BE(bit >> 3) >> (8 - (bit & 7))) & 0xff
}

test('an AVIF with colour numbers shows the same samples, with and without transparency, lossless and lossy', async () => {
  for (const channels of [3, 4] as const) {
    for (const lossless of [true, false]) {
      const data = Uint8Array.from({ length: 24 * 16 * channels }, (_, at) => (at * 37) % 256)
      const plain = await sharp(data, { raw: { width: 24, height: 16, channels } })
        .avif({ lossless })
        .toBuffer()
      const signed = await signAvif(plain, { primaries: 12, transfer: 13 })
      assertSame(await inspect(signed), await inspect(plain))
      const { cicp } = (await readAvifCoding(bytesSource(signed))) ?? assert.fail()
      assert.deepEqual(cicp, { primaries: 12, transfer: 13, matrix: lossless ? 0 : 6, isFullRange: true })
    }
  }
})

test('wide colours without a profile get a profile in formats without colour numbers, and become sRGB in GIF', async () => {
  // The red of Display P3 is outside sRGB.
  for (const type of ['jpeg:100', 'webp:100', 'tiff']) {
    const result = await bytesOf(await avif('p3'), `format:${type}`)
    assert.ok((await sharp(result).metadata()).icc, type)
    const shown = await sharp(result).toColourspace('srgb').raw().toBuffer()
    const own = await sharp(result, { ignoreIcc: true }).raw().toBuffer()
    assert.ok((shown[0] ?? 0) >= 254 && (own[0] ?? 0) < 255 && (shown[1] ?? 255) < 8, type)
  }
  const gif = await bytesOf(await avif('p3'), 'format:gif')
  assert.equal((await sharp(gif).metadata()).icc, undefined)
})

test('premultiplied alpha is undone', async () => {
  const png = await bytesOf(await avif('premultiplied'), 'format:png')
  const { samples } = await inspect(png)
  assert.deepEqual([...samples.subarray(0, 4)], [255, 0, 2, 128])
  const again = await bytesOf(await avif('premultiplied'), 'flip,flip')
  assert.equal((await readAvifCoding(bytesSource(again)))?.isPremultiplied, false)
  const after = (await inspect(again)).samples
  assert.ok((after[0] ?? 0) > 240 && Math.abs((after[3] ?? 0) - 128) <= 2)
})

test('colour numbers that do not exist count as unspecified', async () => {
  const file = await avif('p3')
  const primariesAt = file.indexOf('nclx') + 4
  file.writeUInt16BE(256, primariesAt)
  const flipped = await readAvifCoding(bytesSource(await bytesOf(file, 'flip')))
  assert.deepEqual([flipped?.cicp.primaries, flipped?.cicp.transfer], [1, 13])
})
