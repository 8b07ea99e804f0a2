import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { permuteJpeg } from '../../../src/permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../../../src/permute/not-well-formed.ts'
import { assertSame, inspect } from '../../develop/inspect.ts'
import { generatedPhoto } from '../../generated-photo.ts'
import { type Random, randomFrom } from '../../seeded-random.ts'
import { changed, fileOf, partsOf } from './jpeg-segments.ts'

const frame = 0xc0
const progressiveFrame = 0xc2
const huffman = 0xc4
const scan = 0xda
const quantisation = 0xdb

const picture = () => {
  const [width, height] = [61, 43]
  return generatedPhoto({ width, height, seed: 2 })
}
const baseline = await picture().jpeg({ quality: 70 }).toBuffer()
const progressive = await picture().jpeg({ quality: 70, progressive: true }).toBuffer()

function withByte(at: number, value: number): (bytes: Buffer) => Buffer {
  return bytes => {
    bytes[at] = value
    return bytes
  }
}

const violations: readonly [name: string, jpeg: Uint8Array, message: RegExp][] = [
  ['an empty file', Buffer.alloc(0), /marker/],
  ['another format', Buffer.from('GIF89a'), /marker/],
  ['no image', fileOf([]), /no image/],
  ['a scan cut off', Buffer.concat([baseline.subarray(0, -20), Buffer.of(0xff, 0xd9)]), /too early/],
  ['no end', baseline.subarray(0, -2), /after the end of a scan|too early/],
  [
    'bytes after the scan',
    changed(baseline, scan, bytes => Buffer.concat([bytes, Buffer.alloc(2)])),
    /after the end/,
  ],
  ['no quantisation table', changed(baseline, quantisation, () => undefined), /table is missing/],
  ['a step of zero', changed(baseline, quantisation, withByte(9, 0)), /is zero/],
  ['steps of two bytes', changed(baseline, quantisation, withByte(4, 0x10)), /64 steps/],
  ['no Huffman table', changed(baseline, huffman, () => undefined), /table is missing/],
  ['a Huffman table too full', changed(baseline, huffman, withByte(5, 3)), /more codes|cut off/],
  ['more than two codes of one bit', fileOf([tooManyCodes(), ...partsOf(baseline)]), /more codes/],
  [
    'a category that DC cannot have',
    changed(baseline, huffman, withByte(21, 0x20)),
    /not in its Huffman table|out of range/,
  ],
  ['no frame', changed(baseline, frame, () => undefined), /before the frame/],
  ['two frames', changed(baseline, frame, bytes => Buffer.concat([bytes, bytes])), /two frames/],
  ['12 bits', changed(baseline, frame, withByte(4, 12)), /eight bits/],
  ['no lines', changed(baseline, frame, bytes => withByte(5, 0)(withByte(6, 0)(bytes))), /no pixels/],
  ['more lines and columns than fit into memory', changed(baseline, frame, hugeSize), /too many pixels/],
  ['three samples to one', changed(baseline, frame, withByte(11, 0x31)), /unusual way/],
  ['sixteen samples to one', changed(baseline, frame, withByte(11, 0x44)), /unusual way/],
  ['two components with one name', changed(baseline, frame, withByte(13, 1)), /same name/],
  ['an unknown component', changed(baseline, scan, withByte(5, 9)), /the frame does not have/],
  ['components out of order', changed(baseline, scan, swapComponents), /out of order/],
  ['the scan twice', changed(baseline, scan, bytes => Buffer.concat([bytes, bytes])), /follow the scans/],
  ['a part of the spectrum', changed(baseline, scan, withByte(12, 62)), /invalid range/],
  ['four components', await picture().toColourspace('cmyk').jpeg().toBuffer(), /neither grey/],
  ['red, green and blue by name', named('RGB'), /red, green and blue/],
  [
    'red, green and blue, declared after the frame',
    changed(baseline, frame, bytes => Buffer.concat([bytes, adobe(0)])),
    /red, green and blue/,
  ],
  [
    'red, green and blue, declared at the end',
    changed(baseline, frame, bytes => Buffer.concat([adobe(1), bytes, adobe(0)])),
    /red, green and blue/,
  ],
  [
    'red, green and blue, with half a JFIF header',
    changed(baseline, frame, bytes =>
      Buffer.concat([Buffer.from('ffe000074a46494600', 'hex'), adobe(0), bytes]),
    ),
    /red, green and blue/,
  ],
  [
    'an unknown colour transform',
    changed(baseline, frame, bytes =>
      Buffer.concat([Buffer.from('ffe000074a46494600', 'hex'), adobe(2), bytes]),
    ),
    /colour transform 2 is unknown/,
  ],
  ['arithmetic coding', withFrame(0xc9), /unsupported kind/],
  [
    'scans that leave out the last bits',
    changed(progressive, scan, lastLeftOut),
    /part of the image is missing/,
  ],
  ['scans that refine missing scans', changed(progressive, scan, firstLeftOut), /follow the scans/],
  ['a coefficient of 1024', ofOneBlock(frame, 11, ['00003f00 4007']), /out of range/],
  [
    'a coefficient that becomes 2048 in a later scan',
    ofOneBlock(progressiveFrame, 0, ['00000000 7f', '00013f0c 7f', '00013fcb af']),
    /out of range/,
  ],
  ['801 Huffman tables', changed(baseline, huffman, manyTables), /too many Huffman tables/],
  ['101 scans', changed(progressive, scan, repeated), /follow the scans|too many/],
  ['a frame of another kind', withFrame(progressiveFrame), /invalid range/],
]

suite('a JPEG that breaks a rule, or is of an unsupported kind, is refused with the reason', () => {
  for (const [name, jpeg, message] of violations) {
    test(name, () => {
      assert.throws(() => permuteJpeg(jpeg, 'bgr'), { name: 'NotWellFormed', message: message })
    })
  }
})

test('each damaged file is refused, or its result is its permuted decode', async () => {
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
    // Decoders warn about parts that no pixel needs.
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

/** Eight by eight grey samples: DC has one symbol, AC has EOB and a one; the range and the data of each scan. */
function ofOneBlock(frameMarker: number, symbol: number, scans: readonly string[]): Buffer {
  const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const zeros = (count: number) => '00'.repeat(count)
  return fileOf([
    { marker: quantisation, bytes: bytes(`ffdb0043 00 ${'01'.repeat(64)}`) },
    { marker: frameMarker, bytes: bytes(`ff${frameMarker.toString(16)}000b 08 0008 0008 01 011100`) },
    { marker: huffman, bytes: bytes(`ffc40014 00 01${zeros(15)} ${symbol.toString(16).padStart(2, '0')}`) },
    { marker: huffman, bytes: bytes(`ffc40015 10 0101${zeros(14)} 0001`) },
    ...scans.map(hex => ({ marker: scan, bytes: bytes(`ffda0008 01 01${hex}`) })),
  ])
}

/** With enough room for all of their symbols. */
function tooManyCodes(): { marker: number; bytes: Buffer } {
  const counts = [255, ...new Array<number>(15).fill(0)]
  const bytes = Buffer.concat([Buffer.of(0xff, huffman, 1, 18, 0, ...counts), Buffer.alloc(255)])
  return { marker: huffman, bytes }
}

function manyTables(bytes: Buffer, index: number): Buffer {
  return index === 0 ? Buffer.concat(new Array<Buffer>(801).fill(bytes)) : bytes
}

/** The segment that names the colour transform: 0 means none, 1 YCbCr. */
function adobe(transform: number): Buffer {
  return Buffer.from(`ffee000e41646f62650064000000000${transform}`, 'hex')
}

function hugeSize(bytes: Buffer): Buffer {
  return bytes.fill(0xff, 5, 9)
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
