import assert from 'node:assert/strict'
import sharp from 'sharp'
import type { Developed } from '../../src/develop/developed.ts'
import type { ChannelOrder } from '../../src/permute/channel-order.ts'

/** What an independent decode says of a file: all frames, as red, green, blue and alpha of the depth they have. */
export interface Inspected {
  readonly format: string
  /** Of one frame, as stored. */
  readonly width: number
  readonly height: number
  readonly frames: number
  readonly delays: readonly number[]
  readonly loop: number | undefined
  readonly isGrey: boolean
  readonly isDeep: boolean
  readonly samples: Uint8Array | Uint16Array
}

/** Profiles are ignored and orientations not applied: they would change the samples. */
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

/** What a permutation must give; grey as it is, since its three samples are alike. */
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

/** That what a task says of its result is what the result's own bytes say; gives what they say. */
export async function inspectResult({ bytes, facts }: Developed): Promise<Inspected> {
  const inspected = await inspect(bytes)
  const { format, width, height, frames } = inspected
  assert.deepEqual(facts, { contentType: `image/${format}`, width, height, frames })
  return inspected
}

/**
 * The picture with frames made one that show the same one after the other, as encoders do; what is left of an
 * animation of one frame is a still.
 */
export function merged(picture: Inspected): Inspected {
  const { samples, frames, delays } = picture
  const length = samples.length / frames
  const kept: { samples: Inspected['samples']; delay: number }[] = []
  for (let frame = 0; frame < frames; frame++) {
    const part = samples.subarray(frame * length, (frame + 1) * length)
    const last = kept.at(-1)
    const delay = delays[frame] ?? 0
    if (last?.samples.every((sample, at) => sample === part[at])) last.delay += delay
    else kept.push({ samples: part, delay })
  }
  if (kept.length === 1)
    return { ...picture, frames: 1, delays: [], loop: undefined, samples: samples.slice(0, length) }
  const all = kept.flatMap(part => [...part.samples])
  return {
    ...picture,
    frames: kept.length,
    delays: kept.map(({ delay }) => delay),
    samples: picture.isDeep ? Uint16Array.from(all) : Uint8Array.from(all),
  }
}

/** That two pictures are the same to the last sample; says where they first differ, which a diff of samples doesn't. */
export function assertSame(actual: Inspected, expected: Inspected, message = 'the picture'): void {
  const { samples, ...shape } = actual
  const { samples: wanted, ...wantedShape } = expected
  assert.deepEqual(shape, wantedShape, message)
  const at =
    samples.length === wanted.length ? samples.findIndex((sample, index) => sample !== wanted[index]) : 0
  if (at >= 0) assert.fail(`${message} has ${samples[at]} instead of ${wanted[at]} as sample ${at}`)
}

/** Of 255, over all samples; `Infinity` for pictures of different shapes. */
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

/** One frame's pixels as text, a line a row, each pixel in hex: small pictures are compared by eye. */
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
