import sharp from 'sharp'
import { joinPages } from '../../../src/develop/tiff/join-pages.ts'
import type { Random } from '../../seeded-random.ts'
import { animatedPng } from '../animated-png.ts'
import { gridOf, sample } from '../heic/heif-assembler.ts'
import { picturesWithMetadata } from '../metadata-traces.ts'

/** Small files, so that thousands of variants are tried in seconds. */
export async function validFiles(random: Random): Promise<Map<string, Buffer>> {
  const [width, height] = [24, 16]
  const noise = (channels: number, frames = 1) =>
    Uint8Array.from({ length: width * height * channels * frames }, (_, at) => (at >> 3) * 5 + random(24))
  const image = (channels: 1 | 3 | 4) => sharp(noise(channels), { raw: { width, height, channels } })
  const several = (frames: number) =>
    sharp(noise(4, frames), { raw: { width, height: frames * height, channels: 4, pageHeight: height } })
  const animation = several(3)
  const deep = sharp(new Uint16Array(noise(6).buffer), { raw: { width, height, channels: 3 } })
  const files = {
    jpeg: image(3)
      .withExif({ IFD0: { Artist: 'Ada' } })
      .jpeg({ quality: 70 }),
    'progressive jpeg': image(3).jpeg({ progressive: true }),
    'cmyk jpeg': image(3).toColourspace('cmyk').jpeg(),
    png: image(3).withIccProfile('p3').png(),
    'palette png': image(4).png({ palette: true }),
    'interlaced png': image(4).png({ progressive: true }),
    '16-bit png': deep.clone().toColourspace('rgb16').png(),
    webp: image(3).webp({ quality: 60 }),
    'transparent webp': image(4)
      .withExif({ IFD0: { Artist: 'Ada' } })
      .webp({ quality: 60 }),
    'lossless webp': image(4).webp({ lossless: true }),
    'animated webp': animation.clone().webp({ lossless: true, delay: [50, 60, 70] }),
    gif: image(3).gif(),
    'animated gif': animation.clone().gif({ delay: [50, 60, 70] }),
    tiff: image(3).tiff({ compression: 'lzw' }),
    'tiled tiff': image(4).tiff({ compression: 'deflate', tile: true, tileWidth: 16, tileHeight: 16 }),
    'tiff of pages': several(2).tiff({ compression: 'none' }),
    'tiff with jpeg': image(3).tiff({ compression: 'jpeg' }),
    'tiff with jpeg of red, green and blue': image(3).tiff({ compression: 'jpeg', quality: 95 }),
    'tiff of jpeg tiles': image(3).tiff({ compression: 'jpeg', tile: true, tileWidth: 16, tileHeight: 16 }),
    'tiff in bigtiff': image(3).tiff({ compression: 'lzw', bigtiff: true }),
    '16-bit tiff': deep.clone().toColourspace('rgb16').tiff({ compression: 'deflate' }),
    avif: image(3).avif({ effort: 0 }),
    'transparent avif': image(4).avif({ effort: 0 }),
  }
  const written = new Map<string, Buffer>()
  for (const [name, file] of Object.entries(files)) written.set(name, await file.toBuffer())
  written.set('animated png', animatedPng())
  const described = await picturesWithMetadata()
  for (const name of ['jpeg', 'png', 'gif', 'tiff']) {
    const file = described[name]
    if (file) written.set(`${name} with metadata`, file)
  }
  const page = (name: string) => written.get(name) ?? Buffer.alloc(0)
  // Each kind of page is also a file of its own.
  const pages = [page('16-bit tiff'), page('tiff with jpeg')]
  written.set('tiff of pages that differ', Buffer.from(joinPages(pages)))
  for (const [name, photometric] of Object.entries({ lab: 8, 'icc lab': 9, ycbcr: 6 }))
    written.set(`tiff in ${name}`, tiffCalled(page('tiff'), photometric))
  written.set('heic', sample('tile.heic'))
  written.set('deep, transparent heic', sample('deep-alpha.heic'))
  written.set('heic of tiles', gridOf({ columns: 2, rows: 1, width: 100, height: 60 }))
  return written
}

/** The same samples, declared as other colours (PhotometricInterpretation, one SHORT). */
function tiffCalled(tiff: Buffer, photometric: number): Buffer {
  const bytes = Buffer.from(tiff)
  bytes[bytes.indexOf(Buffer.of(6, 1, 3, 0, 1, 0, 0, 0)) + 8] = photometric
  return bytes
}
