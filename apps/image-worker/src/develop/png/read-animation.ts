import { crc32 } from 'node:zlib'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { PngAnimation, rectangleOf } from '../../permute/png/animation.ts'
import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import { parsePngHeader } from '../../permute/png/header.ts'

/** How a frame's rectangle is cleared before the next frame, and how it is drawn (PNG 3rd edition, 11.3.6.2). */
export const dispose = { none: 0, background: 1, previous: 2 } as const
export const blend = { source: 0, over: 1 } as const

export interface PngFrame {
  /** The rectangle of the frame as a PNG file. */
  readonly png: Uint8Array
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  readonly dispose: number
  readonly blend: number
  readonly delayMs: number
}

export interface PngFrames {
  readonly width: number
  readonly height: number
  readonly frames: readonly PngFrame[]
  /** How often the animation runs; 0 means forever. */
  readonly loop: number
}

/** Chunks before the image data that a decoder needs. */
const sharedTypes: readonly string[] = ['PLTE', 'tRNS', 'iCCP']

/**
 * The frames of an animated PNG, each as a file for a decoder of still images. Like such a decoder, omits ancillary chunks
 * with a wrong CRC, and an image that is not a frame.
 *
 * @throws NotWellFormed for an animation whose frames can't be read
 */
export function readAnimation(png: Uint8Array): PngFrames {
  const [head, ...chunks] = readChunks(png)
  if (head?.type !== 'IHDR') throw new NotWellFormed('the file does not start with IHDR')
  const header = parsePngHeader(head.data)
  const animation = new PngAnimation(header)
  const shared: Buffer[] = []
  const drawn: { control: Buffer; data: Buffer[] }[] = []
  let [declared, loop] = [0, 0]
  let hasImage = false
  for (const { type, data } of chunks) {
    if (type === 'acTL') {
      animation.start(data)
      declared = data.readUInt32BE(0)
      loop = data.readUInt32BE(4)
    } else if (type === 'fcTL') {
      // Browsers show only as many frames as acTL declares.
      if (drawn.length === declared) break
      animation.control(data)
      drawn.push({ control: data, data: [] })
    } else if (type === 'IDAT') {
      if (!hasImage) animation.startImage()
      hasImage = true
      if (drawn.length > 1) throw new NotWellFormed('the image data comes after the data of frames')
      drawn.at(-1)?.data.push(data)
    } else if (type === 'fdAT') {
      const frame = drawn.at(-1)
      if (frame?.data.length === 0) animation.startFrame()
      animation.checkSequence(data.subarray(0, 4))
      frame?.data.push(data.subarray(4))
    } else if (sharedTypes.includes(type) && !hasImage) shared.push(encodeChunk(type, data))
  }
  // If acTL declares more frames, browsers show the frames that are there.
  if (drawn.length < declared && chunks.at(-1)?.type !== 'IEND')
    throw new NotWellFormed('the file ends before its last frame')
  if (drawn.some(({ data }) => data.length === 0)) throw new NotWellFormed('a frame has no data')
  const frames = drawn.map(({ control, data }) => frameOf(head.data, shared, control, data))
  return { width: header.width, height: header.height, frames, loop }
}

function frameOf(head: Buffer, shared: readonly Buffer[], control: Buffer, data: Buffer[]): PngFrame {
  const { left, top, width, height } = rectangleOf(control)
  const own = Buffer.from(head)
  own.writeUInt32BE(width, 0)
  own.writeUInt32BE(height, 4)
  const parts = [encodeChunk('IHDR', own), ...shared, encodeChunk('IDAT', ...data), encodeChunk('IEND')]
  return {
    png: Buffer.concat([pngSignature, ...parts]),
    ...{ left, top, width, height },
    dispose: control[24] ?? 0,
    blend: control[25] ?? 0,
    // A denominator of 0 means 100.
    delayMs: (1000 * control.readUInt16BE(20)) / (control.readUInt16BE(22) || 100),
  }
}

/** Whether a PNG has no frames, although it may declare some: programs that remove frames leave acTL. */
export function hasNoFrames(png: Uint8Array): boolean {
  return [...readChunks(png)].every(({ type }) => type !== 'fcTL' && type !== 'fdAT')
}

/** Up to IEND, which may be cut off, as decoders of still images allow: the frames are counted. */
function* readChunks(png: Uint8Array): Generator<{ type: string; data: Buffer }> {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.length)
  for (let at = pngSignature.length; at + 12 <= bytes.length; ) {
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length) throw new NotWellFormed('the file ends too early')
    const type = bytes.toString('latin1', at + 4, at + 8)
    const isIntact = crc32(bytes.subarray(at + 4, end - 4)) === bytes.readUInt32BE(end - 4)
    if (!isIntact && (/^[A-Z]/.test(type) || animationTypes.includes(type)))
      throw new NotWellFormed(`the ${type} chunk's CRC does not match`)
    if (isIntact) yield { type, data: bytes.subarray(at + 8, end - 4) }
    if (type === 'IEND') return
    at = end
  }
}

const animationTypes: readonly string[] = ['acTL', 'fcTL', 'fdAT']
