import assert from 'node:assert/strict'
import sharp from 'sharp'
import type { Developed } from '../../src/develop/developed.ts'
import type { ChannelOrder } from '../../src/permute/channel-order.ts'

/** The content of a file as an independent decoder reads it: all frames, in red, green, blue and alpha of their depth. */
export interface Inspected {
  readonly format: string
  /** The size of one frame, as stored. */
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly delays: readonly number[]
  readonly loop: number | undefined
  readonly isGrey: boolean
  readonly isDeep: boolean
  readonly samples: Uint8Array | Uint16Array
}

/** Ignores profiles and doesn't apply orientations, because they would change the samples. */
export async function inspect(file: Uint8Array): Promise<Inspected> {
  const image = sharp(file, { failOn: 'warning', ignoreIcc: true, pages: -1 })
  const metadata = await image.metadata()
  const { space, depth, pages = 1, pageHeight, delay = [], loop } = metadata
  const isDeep = depth === 'ushort'
  const { data, info } = await image
    .ensureAlpha()
    .toColourspace(isDeep ? 'rgb16' : 'srgb')
    .raw({ depth: isDeep ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true })
  const bytes = Uint8Array.from(data)
  return {
    format: metadata.format === 'heif' ? 'avif' : metadata.format,
    width: info.width,
    height: pageHeight ?? info.height,
    frames: pages,
    delays: delay,
    loop,
    isGrey: space === 'b-w' || space === 'grey16',
    isDeep,
    samples: isDeep ? new Uint16Array(bytes.buffer) : bytes,
  }
}

/** The expected result of a permutation. Grey stays as it is, because its three samples are equal. */
export function permuted(picture: Inspected, order: ChannelOrder): Inspected {
  const { samples: before } = picture
  const samples = before.slice()
  const [red, green, blue] = [...order].map(name => 'rgb'.indexOf(name)) as [number, number, number]
  for (let at = 0; at < samples.length; at += 4) {
    samples[at] = before[at + red] ?? 0
    samples[at + 1] = before[at + green] ?? 0
    samples[at + 2] = before[at + blue] ?? 0
  }
  return { ...picture, samples }
}

/** Checks that the facts of a result agree with its bytes, and returns what the bytes contain. */
export async function inspectResult({ bytes, facts }: Developed): Promise<Inspected> {
  const inspected = await inspect(bytes)
  const { format, width, height, frames } = inspected
  assert.deepEqual(facts, { contentType: `image/${format}`, width, height, frames })
  return inspected
}

/**
 * The picture with equal consecutive frames merged, as encoders do; an animation that then has one frame is a
 * still.
 */
export function merged(picture: Inspected): Inspected {
  const { samples, frames, delays } = picture
  const length = samples.length / frames
  const kept: { samples: Inspected['samples']; delay: number }[] = []
  for (let frame = 0; frame < frames; frame++) {
    const part = samples.subarray(frame * length, (frame + 1) * length)
    const last = kept.at(-1)
    const delay = delays[frame] ?? 0
    if (last && bytesOf(last.samples).equals(bytesOf(part))) last.delay += delay
    else kept.push({ samples: part, delay })
  }
  if (kept.length === 1)
    return { ...picture, frames: 1, delays: [], loop: undefined, samples: samples.slice(0, length) }
  const all = samples.slice(0, kept.length * length)
  for (const [frame, part] of kept.entries()) all.set(part.samples, frame * length)
  return { ...picture, frames: kept.length, delays: kept.map(({ delay }) => delay), samples: all }
}

/** Checks that two pictures are equal to the last sample. The error names the first difference. */
export function assertSame(actual: Inspected, expected: Inspected, message = 'the picture'): void {
  const { samples, ...shape } = actual
  const { samples: wanted, ...wantedShape } = expected
  assert.deepEqual(shape, wantedShape, message)
  if (bytesOf(samples).equals(bytesOf(wanted))) return // many times faster than a comparison sample by sample
  const different = samples.findIndex((sample, index) => sample !== wanted[index])
  const at = different < 0 ? samples.length : different
  assert.fail(`${message} has ${samples[at]} instead of ${wanted[at]} as sample ${at}`)
}

function bytesOf({ buffer, byteOffset, byteLength }: Inspected['samples']): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

/** In units of 1/255, over all samples; `Infinity` for pictures of different shapes. */
export function meanError(one: Inspected, other: Inspected): number {
  if (one.samples.length !== other.samples.length || one.isDeep !== other.isDeep) {
    return Number.POSITIVE_INFINITY
  }
  let sum = 0
  for (let at = 0; at < one.samples.length; at++) {
    sum += Math.abs((one.samples[at] ?? 0) - (other.samples[at] ?? 0))
  }
  return sum / one.samples.length / (one.isDeep ? 257 : 1)
}

/** One frame as text, a line per row, each pixel in hex, so that small pictures can be compared by eye. */
export function drawn({ samples, width, isDeep }: Inspected): string[] {
  const digits = isDeep ? 4 : 2
  const pixels = Array.from({ length: samples.length / 4 }, (_, pixel) =>
    Array.from(samples.subarray(pixel * 4, (pixel + 1) * 4), sample =>
      sample.toString(16).padStart(digits, '0'),
    ).join(''),
  )
  return Array.from({ length: pixels.length / width }, (_, row) =>
    pixels.slice(row * width, (row + 1) * width).join(' '),
  )
}
