import { assembleGif } from '../permute/gif/gif-assembler.ts'
import type { Random } from '../seeded-random.ts'
import { avifBoxes } from './structures.ts'

/* Files of each format whose headers announce more than the files contain. */

const latin1 = (text: string) => Buffer.from(text, 'latin1')

/** A frame header that announces this size, and one empty scan. */
export function jpegOf(width: number, height: number): Buffer {
  return Buffer.concat([jpegHead(width, height, 0xc0), scan, Buffer.of(0, 0, 0xff, 0xd9)])
}

/** A progressive image of 16 megapixels whose scans are all empty: each costs a pass over the image. */
export function jpegOfScans(scans: number): Buffer {
  return Buffer.concat([jpegHead(4000, 4000, 0xc2), ...new Array(scans).fill(scan), Buffer.of(0xff, 0xd9)])
}

function jpegHead(width: number, height: number, frame: number): Buffer {
  const sof = Buffer.of(
    0xff,
    frame,
    0,
    11,
    8,
    height >> 8,
    height & 255,
    width >> 8,
    width & 255,
    1,
    1,
    0x11,
    0,
  )
  const dqt = Buffer.concat([Buffer.of(0xff, 0xdb, 0, 67, 0), Buffer.alloc(64, 1)])
  const table = Buffer.concat([Buffer.of(1), Buffer.alloc(15), Buffer.of(0)])
  const dht = (kind: number) => Buffer.concat([Buffer.of(0xff, 0xc4, 0, 20, kind), table])
  return Buffer.concat([Buffer.of(0xff, 0xd8), dqt, sof, dht(0), dht(0x10)])
}

const scan = Buffer.of(0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0)

export function screenOf(width: number, height: number): Buffer {
  const picture = assembleGif({
    width: 1,
    height: 1,
    palette: new Uint8Array(6),
    frames: [{ width: 1, height: 1, indexes: [0], codeBits: 2 }],
  })
  picture.writeUInt16LE(width, 6)
  picture.writeUInt16LE(height, 8)
  return picture
}

/** An animation with a canvas of this size; its frames have one pixel. */
export function webpOf(width: number, height: number, frames: number): Buffer {
  const riffChunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32LE(data.length)
    return Buffer.concat([latin1(type), length, data, Buffer.alloc(data.length % 2)])
  }
  const header = Buffer.alloc(10)
  header[0] = 0x02
  header.writeUIntLE(width - 1, 4, 3)
  header.writeUIntLE(height - 1, 7, 3)
  // One black pixel, as libwebp writes it.
  const pixel = riffChunk('VP8L', Buffer.from('2f0000000007d0fffef7bfff8188881010', 'hex'))
  const frame = riffChunk('ANMF', Buffer.concat([Buffer.alloc(16), pixel]))
  const body = [
    riffChunk('VP8X', header),
    riffChunk('ANIM', Buffer.alloc(6)),
    ...new Array(frames).fill(frame),
  ]
  const whole = Buffer.concat([latin1('RIFF\0\0\0\0WEBP'), ...body])
  whole.writeUInt32LE(whole.length - 8, 4)
  return whole
}

/** One directory with these LONGs, and plausible values of the other tags; it may announce more entries. */
export function tiffOf(tags: Record<number, number>, announced?: number): Buffer {
  const all = Object.entries({ 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: 16, 279: 64, ...tags })
    .map(([tag, value]) => [Number(tag), value] as const)
    .sort(([one], [other]) => one - other)
  const bytes = Buffer.alloc(8 + 2 + 12 * all.length + 4)
  bytes.write('II*\0\x08\0\0\0', 'latin1')
  bytes.writeUInt16LE(announced ?? all.length, 8)
  for (const [index, [tag, value]] of all.entries()) {
    const at = 10 + 12 * index
    bytes.writeUInt16LE(tag, at)
    bytes.writeUInt16LE(4, at + 2)
    bytes.writeUInt32LE(1, at + 4)
    bytes.writeUInt32LE(value >>> 0, at + 8)
  }
  return bytes
}

export const ftyp = latin1('\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf')

export function sized(bytes: number): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(bytes)
  return size
}

/** An image item of this size without image data; `random` garbles its boxes. */
export function avifOf(width: number, height: number, random?: Random): Buffer {
  const bytes = Buffer.concat([ftyp, avifBoxes(width >>> 0, height >>> 0)])
  for (let count = random ? random(6) : 0; random && count > 0; count--) {
    bytes[ftyp.length + random(bytes.length - ftyp.length)] = random(256)
  }
  return bytes
}
