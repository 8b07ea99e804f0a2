import type { Random } from '../../seeded-random.ts'
import { avifOf, ftyp, jpegOf, sized, tiffOf } from '../announcing-files.ts'
import { exifOf, jpegWith } from '../metadata-traces.ts'
import type { HostileInput } from './hostile-input.ts'
import { latin1 } from './latin1.ts'

/** Structures that point nowhere, to themselves, or are nested deeply. */
export function lies(random: Random): HostileInput[] {
  const loop = tiffOf({ 256: 4, 257: 4 })
  loop.writeUInt32LE(8, loop.length - 4)
  const nested = Array.from({ length: 2000 }).reduce<Buffer>(
    inner => Buffer.concat([sized(inner.length + 8), latin1('meta'), inner]),
    Buffer.alloc(0),
  )
  const exifLoop = exifOf(6)
  exifLoop.writeUInt32LE(8, exifLoop.length - 60)
  const jpegs = [latin1('Exif\0\0'), exifLoop, Buffer.alloc(60_000, 0xff)].map((data, index) => ({
    name: `jpeg with broken exif ${index}`,
    bytes: jpegWith(jpegOf(8, 8), [{ marker: 0xe1, data }]),
  }))
  const absurd = Array.from({ length: 150 }, (_, index) => {
    const tags = [
      254, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 330, 338, 339,
    ]
    const entries = Object.fromEntries(tags.map(tag => [tag, random(2) ? random(20) : random(2 ** 32)]))
    return {
      name: `tiff of absurd tags ${index}`,
      bytes: tiffOf({ ...entries, 256: 1 + random(30), 257: 1 + random(30) }),
    }
  })
  const avifs = Array.from({ length: 60 }, (_, index) => ({
    name: `avif of absurd boxes ${index}`,
    bytes: avifOf(random(2 ** (1 + random(31))), random(2 ** (1 + random(31))), random),
  }))
  return [
    { name: 'tiff whose pages go round', bytes: loop },
    { name: 'avif of 2000 boxes in each other', bytes: Buffer.concat([ftyp, nested]) },
    ...jpegs,
    ...absurd,
    ...avifs,
  ]
}
