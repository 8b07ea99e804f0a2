import fc from 'fast-check'
import { channelOrders } from '../../src/permute/channel-order.ts'
import { assemblePng, channelsOf, chunk, type PngPicture } from './png/png-assembler.ts'

export const orders = fc.constantFrom(...channelOrders)

/** Every colour type with each of its depths. */
export const kinds = [
  [0, 1], [0, 2], [0, 4], [0, 8], [0, 16],
  [2, 8], [2, 16],
  [3, 1], [3, 2], [3, 4], [3, 8],
  [4, 8], [4, 16],
  [6, 8], [6, 16],
] as const // biome-ignore format: a table

export const pictures: fc.Arbitrary<PngPicture> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    width: fc.integer({ min: 1, max: 21 }),
    height: fc.integer({ min: 1, max: 21 }),
    interlaced: fc.boolean(),
    filters: fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
    seed: fc.nat(0xffff),
  })
  .map(({ kind: [colorType, bitDepth], seed, ...rest }) => {
    const samples = noise(rest.width * rest.height * channelsOf(colorType), 2 ** bitDepth, seed)
    return { colorType, bitDepth, samples, ...rest }
  })

/** The file of a picture, with a palette if it needs one, and transparency if it may have it. */
export function assembleWithColors(picture: PngPicture, hasTransparency: boolean): Buffer {
  const { colorType, bitDepth, samples } = picture
  const before: Buffer[] = []
  if (colorType === 3) before.push(chunk('PLTE', noiseBytes(3 * 2 ** bitDepth, 7)))
  if (hasTransparency && colorType === 3) before.push(chunk('tRNS', noiseBytes(2 ** bitDepth, 9)))
  if (hasTransparency && (colorType === 0 || colorType === 2)) {
    const key = Buffer.alloc(colorType === 0 ? 2 : 6)
    for (let at = 0; at < key.length; at += 2) key.writeUInt16BE(samples[at / 2] ?? 0, at)
    before.push(chunk('tRNS', key))
  }
  return assemblePng(picture, { before, idatBytes: 50 })
}

/** Numbers below `limit`, sometimes repeated; the same seed gives the same numbers. */
export function noise(length: number, limit: number, seed: number): Uint16Array {
  const numbers = new Uint16Array(length)
  let state = seed + 1
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    numbers[at] = ((state >>> 8) % 5 < 3 ? state >>> 12 : state >>> 28) % limit
  }
  return numbers
}

export function noiseBytes(length: number, seed: number): Uint8Array {
  return Uint8Array.from(noise(length, 256, seed))
}

/** Cuts bytes into pieces of the given lengths, again and again. */
export function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const length = lengths[turn % lengths.length] ?? 1
    yield bytes.subarray(at, at + length)
    at += length
  }
}
