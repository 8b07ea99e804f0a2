import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { photograph } from '@darkroom/testing'
import sharp from 'sharp'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { type Random, randomFrom } from '../../develop/hostile-inputs.ts'
import { assertSame, inspect } from '../../develop/inspect.ts'
import { changed, fileOf, partsOf } from './jpeg-segments.ts'

const frame = 0xc0
const progressiveFrame = 0xc2
const huffman = 0xc4
const scan = 0xda
const quantisation = 0xdb

const picture = () => {
  const [width, height] = [61, 43]
  return sharp(photograph({ width, height, seed: 2 }), { raw: { width, height, channels: 3 } })
}
const baseline = await picture().jpeg({ quality: 70 }).toBuffer()
const progressive = await picture().jpeg({ quality: 70, progressive: true }).toBuffer()

function withByte(at: number, value: number): (bytes: Buffer) => Buffer {
  return bytes => {
    bytes[at] = value
    return bytes
  }
}

const violations: readonly [name: string, jpeg: Uint8Array, words: RegExp][] = [
  ['an empty file', Buffer.alloc(0), /marker/],
  ['another format', Buffer.from('GIF89a'), /marker/],
  ['no image', fileOf([]), /no image/],
  ['a scan cut off', Buffer.concat([baseline.subarray(0, -20), Buffer.of(0xff, 0xd9)]), /too early/],
  ['no end', baseline.subarray(0, -2), /behind the end of a scan|too early/],
  [
    'bytes behind the scan',
    changed(baseline, scan, bytes => Buffer.concat([bytes, Buffer.alloc(2)])),
    /behind the end/,
  ],
  ['no quantisation table', changed(baseline, quantisation, () => undefined), /table is missing/],
  ['a step of zero', changed(baseline, quantisation, withByte(9, 0)), /is zero/],
  ['steps of two bytes', changed(baseline, quantisation, withByte(4, 0x10)), /64 steps/],
  ['no Huffman table', changed(baseline, huffman, () => undefined), /table is missing/],
  ['a Huffman table too full', changed(baseline, huffman, withByte(5, 3)), /more codes|cut off/],
  ['no frame', changed(baseline, frame, () => undefined), /before the frame/],
  ['two frames', changed(baseline, frame, bytes => Buffer.concat([bytes, bytes])), /two frames/],
  ['12 bits', changed(baseline, frame, withByte(4, 12)), /eight bits/],
  ['no lines', changed(baseline, frame, bytes => withByte(5, 0)(withByte(6, 0)(bytes))), /no pixels/],
  ['three samples to one', changed(baseline, frame, withByte(11, 0x31)), /unusual way/],
  ['two components of a name', changed(baseline, frame, withByte(13, 1)), /same name/],
  ['an unknown component', changed(baseline, scan, withByte(5, 9)), /frame has not/],
  ['components out of order', changed(baseline, scan, swapComponents), /out of order/],
  ['the scan twice', changed(baseline, scan, bytes => Buffer.concat([bytes, bytes])), /does not follow/],
  ['a part of the spectrum', changed(baseline, scan, withByte(12, 62)), /impossible range/],
  ['four components', await picture().toColourspace('cmyk').jpeg().toBuffer(), /neither grey/],
  ['red, green and blue by name', named('RGB'), /red, green and blue/],
  ['arithmetic coding', withFrame(0xc9), /unusual kind/],
  [
    'scans that leave out the last bits',
    changed(progressive, scan, lastLeftOut),
    /part of the image is missing/,
  ],
  ['scans that refine what has not come', changed(progressive, scan, firstLeftOut), /does not follow/],
  ['101 scans', changed(progressive, scan, repeated), /does not follow|too many/],
  ['a frame of another kind', withFrame(progressiveFrame), /impossible range/],
]

describe('a JPEG that breaks a rule, or is of a kind that is not taken here, is told so', () => {
  for (const [name, jpeg, words] of violations) {
    test(name, () => {
      assert.throws(() => permuteJpeg(jpeg, 'bgr'), { name: 'NotWellFormed', message: words })
    })
  }
})

test('of damaged files, each is refused, or comes out as decoders take it', async () => {
  const random = randomFrom(11)
  let [accepted, refused] = [0, 0]
  for (let round = 0; round < 800; round++) {
    const jpeg = damaged(random(2) === 0 ? baseline : progressive, random)
    const results = permutedInTwoWays(jpeg)
    if (!results) {
      refused += 1
      continue
    }
    accepted += 1
    const [same, other] = results
    await assert.doesNotReject(inspect(other))
    const before = await inspect(jpeg).catch(() => undefined)
    // What decoders warn of, in what no pixel needs.
    if (before) assertSame(await inspect(same), before)
  }
  assert.ok(accepted > 80 && refused > 400, `${accepted} accepted, ${refused} refused`)
})

function permutedInTwoWays(jpeg: Uint8Array): [Uint8Array, Uint8Array] | undefined {
  try {
    return [permuteJpeg(jpeg, 'rgb'), permuteJpeg(jpeg, 'gbr')]
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

function damaged(jpeg: Uint8Array, random: Random): Buffer {
  const bytes = Buffer.from(jpeg)
  for (let left = 1 + random(3); left > 0; left--) {
    const at = random(bytes.length)
    if (random(2) === 0) bytes[at] = random(256)
    else bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
  }
  return random(6) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes
}

function withFrame(marker: number): Buffer {
  return changed(baseline, frame, withByte(1, marker))
}

function named(name: string): Buffer {
  const ids = [...Buffer.from(name)]
  const inFrame = changed(baseline, frame, bytes => {
    for (const [index, id] of ids.entries()) bytes[10 + 3 * index] = id
    return bytes
  })
  return changed(inFrame, scan, bytes => {
    for (const [index, id] of ids.entries()) bytes[5 + 2 * index] = id
    return bytes
  })
}

function swapComponents(bytes: Buffer): Buffer {
  ;[bytes[5], bytes[7]] = [bytes[7] ?? 0, bytes[5] ?? 0]
  return bytes
}

function firstLeftOut(bytes: Buffer, index: number): Buffer | undefined {
  return index === 1 ? undefined : bytes
}

function lastLeftOut(bytes: Buffer, index: number): Buffer | undefined {
  const count = partsOf(progressive).filter(({ marker }) => marker === scan).length
  return index === count - 1 ? undefined : bytes
}

function repeated(bytes: Buffer, index: number): Buffer {
  return index === 0 ? Buffer.concat(new Array<Buffer>(101).fill(bytes)) : bytes
}
