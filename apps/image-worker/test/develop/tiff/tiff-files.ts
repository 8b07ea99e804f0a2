import { readFile } from 'node:fs/promises'
import type { Sharp } from 'sharp'
import type { TiffEntry } from '../../../src/develop/tiff/tiff-directory.ts'
import { tiffPages } from '../../../src/develop/tiff/tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from '../../../src/develop/tiff/tiff-writer.ts'
import { generatedPhoto } from '../../generated-photo.ts'

export const [width, height] = [640, 480]

/** Sharp's input of a picture of this size. */
export function photo(): Sharp {
  return generatedPhoto({ width, height, seed: 3 })
}

export function fixture(name: string): Promise<Buffer> {
  return readFile(new URL(`../tiffs/${name}.tif`, import.meta.url))
}

/** Two pixels side by side, eight bits a sample. */
export function tiffOf(
  photometric: number,
  samples: number[],
  extraSamples: number[] = [],
  others: TiffEntry[] = [],
): Uint8Array {
  const channels = samples.length / 2
  return encodeTiff(writer => [
    ...[longsEntry(256, 2), longsEntry(257, 1), shortsEntry(258, ...new Array(channels).fill(8))],
    ...[shortsEntry(259, 1), shortsEntry(262, photometric)],
    longsEntry(273, writer.append(Uint8Array.from(samples))),
    ...[shortsEntry(277, channels), longsEntry(278, 1), longsEntry(279, samples.length), shortsEntry(284, 1)],
    ...others,
    ...(extraSamples.length > 0 ? [shortsEntry(338, ...extraSamples)] : []),
  ])
}

/** A JPEG as the only strip. Without `sampling`, the tag of the chroma subsampling is left out. */
export function stripOfJpeg(
  jpeg: Uint8Array,
  size: { width: number; height: number },
  { photometric, sampling }: { photometric: number; sampling?: number },
): Buffer {
  const samples = photometric === 1 ? 1 : 3
  return encodeTiff(writer => [
    ...[longsEntry(256, size.width), longsEntry(257, size.height)],
    ...[shortsEntry(258, ...new Array(samples).fill(8)), shortsEntry(259, 7), shortsEntry(262, photometric)],
    ...[longsEntry(273, writer.append(jpeg)), shortsEntry(277, samples)],
    ...[longsEntry(278, size.height), longsEntry(279, jpeg.length)],
    ...(sampling ? [shortsEntry(530, sampling, sampling)] : []),
  ])
}

/** The samples of a picture without transparency, with an opaque alpha channel. */
export function rgba(colours: number[]): Uint8Array {
  return Uint8Array.from(colours.flatMap((sample, at) => (at % 3 === 2 ? [sample, 255] : [sample])))
}

/** An uncompressed TIFF in one strip, and the positions of the values of its tags. */
export async function plainTiff(): Promise<{ tiff: Buffer; entry: (tag: number) => number }> {
  const tiff = await photo().resize(16, 12).tiff({ compression: 'none', xres: 10, yres: 10 }).toBuffer()
  return { tiff, entry: tag => tiffPages(tiff)[0]?.directory.entries.find(e => e.tag === tag)?.valueAt ?? 0 }
}
