import assert from 'node:assert/strict'
import { bytesSource, readAvifCoding, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { type Trace, tracesIn } from '../metadata-traces.ts'

/** The metadata that sharp reads from the first frame of a file. */
export function metadataOf(bytes: Buffer) {
  return sharp(bytes, { pages: 1 }).metadata()
}

export async function codingOf(avif: Buffer) {
  return (await readAvifCoding(bytesSource(avif))) ?? assert.fail()
}

/** Recognises a trace of metadata. */
export function sees(trace: Trace) {
  return (bytes: Buffer) => tracesIn(bytes).includes(trace) || undefined
}

/** The number of images that follow each other; undefined for one. */
export async function framesIn(bytes: Buffer): Promise<number | undefined> {
  const { frames } = await readImageHeader(bytesSource(bytes))
  return frames > 1 ? frames : undefined
}

/** The sampling factors of each component, from the frame header. */
export function jpegSampling(bytes: Buffer): string {
  const at = Math.max(bytes.indexOf(Buffer.of(0xff, 0xc0, 0)), bytes.indexOf(Buffer.of(0xff, 0xc2, 0)))
  return [11, 14, 17].map(offset => bytes[at + offset]?.toString(16)).join(' ')
}

export async function depthOf(bytes: Buffer): Promise<number> {
  const { depth, bitsPerSample = 8 } = await metadataOf(bytes)
  return isAvif(bytes) ? bitsPerSample : depth === 'ushort' ? 16 : 8
}

/** How a file declares its colours: by numbers, by gamma, by a profile, or as sRGB. */
export async function coloursOf(bytes: Buffer): Promise<string> {
  const chunk = (type: string) => {
    const at = bytes.indexOf(type)
    return bytes[0] === 0x89 && at > 0 ? at + 4 : undefined
  }
  const [cicp, gamma] = [chunk('cICP'), chunk('gAMA')]
  if (cicp !== undefined) return `${bytes[cicp]}/${bytes[cicp + 1]}`
  if (gamma !== undefined) return `gamma ${bytes.readUInt32BE(gamma)}`
  if ((await metadataOf(bytes)).icc) return 'profile'
  if (!isAvif(bytes)) return 'sRGB'
  const { primaries, transfer } = (await codingOf(bytes)).cicp
  return primaries <= 2 ? 'sRGB' : `${primaries}/${transfer}`
}

export function isAvif(bytes: Buffer): boolean {
  return bytes.toString('latin1', 4, 8) === 'ftyp'
}
