import { deflateSync } from 'node:zlib'
import { assembleGif } from '../../permute/gif/gif-assembler.ts'
import { assemblePng, chunk, headerChunk, signature, withChunks } from '../../permute/png/png-assembler.ts'
import { avifOf, jpegOf, jpegOfScans, screenOf, tiffOf, webpOf } from '../announcing-files.ts'
import { assembleHeif, flatItem, gridOf, ispe, tileItem } from '../heic/heif-assembler.ts'
import type { HostileInput } from './hostile-input.ts'
import { latin1 } from './latin1.ts'

/** Decompression bombs: a few bytes that announce, or unpack to, a very large image. */
export function bombs(): HostileInput[] {
  const zeros = (mebibytes: number) => deflateSync(Buffer.alloc(mebibytes * 1024 * 1024), { level: 9 })
  const ten = { width: 10, height: 10, colorType: 2, bitDepth: 8, samples: new Uint8Array(300) }
  const small = assemblePng(ten)
  const rest = small.subarray(33)
  const headerOf = (width: number, height: number, colorType: number, bitDepth = 8) =>
    headerChunk({ width, height, colorType, bitDepth })
  const pixels = zeros(64)
  const text = (type: string, head: string) => chunk(type, Buffer.concat([latin1(head), pixels]))
  const many = (frames: number, side: number) =>
    assembleGif({
      width: side,
      height: side,
      palette: new Uint8Array(6),
      frames: Array.from({ length: frames }, () => ({ width: 1, height: 1, indexes: [0], codeBits: 2 })),
    })
  const refused: Record<string, Buffer> = {
    'png of 268 megapixels': Buffer.concat([
      signature,
      headerOf(16_383, 16_383, 2),
      chunk('IDAT', pixels),
      chunk('IEND'),
    ]),
    'png of four billion columns': Buffer.concat([signature, headerOf(2 ** 32 - 1, 1, 0), rest]),
    'png of no columns': Buffer.concat([signature, headerOf(0, 10, 2), rest]),
    'jpeg of four gigapixels': jpegOf(65_500, 65_500),
    'jpeg of no lines': jpegOf(0, 100),
    'jpeg of 2000 empty scans': jpegOfScans(2000),
    'gif of 60 000 frames': many(60_000, 40),
    'webp of 268 megapixels': webpOf(16_383, 16_383, 1),
    'webp of 40 000 pixels, one a frame': webpOf(1, 1, 40_000),
    'webp of 20 000 frames': webpOf(100, 100, 20_000),
    'webp of 2^48 pixels': webpOf(2 ** 24 - 1, 2 ** 24 - 1, 1),
    'tiff of 2^62 pixels': tiffOf({ 256: 2 ** 31 - 1, 257: 2 ** 31 - 1 }),
    'tiff of 65535 samples': tiffOf({ 256: 1000, 257: 1000, 277: 65_535 }),
    'tiff of no size': tiffOf({ 256: 0, 257: 0 }),
    'tiff of tiles larger than anything': tiffOf({
      256: 10,
      257: 10,
      322: 2 ** 30,
      323: 2 ** 30,
      324: 8,
      325: 2 ** 31,
    }),
    'tiff with a strip after the end': tiffOf({ 256: 100, 257: 100, 273: 2 ** 31, 279: 2 ** 31 }),
    'avif of 2^64 pixels': avifOf(2 ** 32 - 1, 2 ** 32 - 1),
    'avif of 272 000 pixels in few bytes': avifOf(16, 17_000),
    'avif of no size': avifOf(0, 0),
    'heic of 2^64 pixels': heicOf(2 ** 32 - 1, 2 ** 32 - 1),
    'heic of no size': heicOf(0, 0),
    'heic of fewer pixels than its data': heicOf(16, 16),
    'heic of more pixels than its data': heicOf(4000, 4000),
    'heic of tiles larger than their grid': gridOf(
      { columns: 16, rows: 16, width: 16, height: 16 },
      flatItem(),
    ),
    'heic that is made of itself': assembleHeif([{ ...tileItem(), type: 'grid', references: { dimg: [1] } }]),
    'heic sequence without a still': Buffer.concat([latin1('\0\0\0\x14ftyphevc\0\0\0\0msf1'), movie]),
  }
  const uncertain: Record<string, Buffer> = {
    'png whose data unpacks to 64 MiB too many': Buffer.concat([
      signature,
      headerOf(10, 10, 2),
      chunk('IDAT', pixels),
      chunk('IEND'),
    ]),
    'gif of four gigapixels': screenOf(65_535, 65_535),
    'gif of no size': screenOf(0, 0),
    'png with a profile of 64 MiB': withChunks(small, text('iCCP', 'x\0\0')),
    'png with a text of 64 MiB': withChunks(small, text('zTXt', 'x\0\0')),
    'png with an international text of 64 MiB': withChunks(small, text('iTXt', 'x\0\x01\0\0\0')),
    'png with a text of 64 MiB after its data': Buffer.concat([
      small.subarray(0, -12),
      text('zTXt', 'x\0\0'),
      chunk('IEND'),
    ]),
    'png with 20 000 chunks': withChunks(small, ...new Array(20_000).fill(chunk('teSt'))),
    'gif of 900 frames in few bytes': many(900, 100),
    'gif of 900 frames, cut short': many(900, 100).subarray(0, -40),
    'webp of 300 frames': webpOf(100, 100, 300),
    'tiff of 65 535 entries': tiffOf({ 256: 10, 257: 10 }, 65_535),
  }
  return [
    ...Object.entries(refused).map(([name, bytes]) => ({ name, bytes, expected: 'refused' as const })),
    ...Object.entries(uncertain).map(([name, bytes]) => ({ name, bytes })),
  ]
}

/** The data of 64 x 64 pixels, announced with this size. */
function heicOf(width: number, height: number): Buffer {
  const { properties = [], ...item } = tileItem()
  return assembleHeif([{ ...item, properties: [...properties.slice(0, 1), ispe(width, height)] }])
}

/** An empty `moov` box. */
const movie = latin1('\0\0\0\x08moov')
