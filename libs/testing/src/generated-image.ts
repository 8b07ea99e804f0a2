import sharp from 'sharp'
import { photograph } from './photograph.ts'

export const imageKinds = [
  'jpeg',
  'png',
  'png-16-bit',
  'png-palette',
  'webp',
  'webp-lossless',
  'gif',
  'tiff',
  'tiff-16-bit',
  'avif',
] as const
export type ImageKind = (typeof imageKinds)[number]

const lossyKinds: readonly ImageKind[] = ['jpeg', 'webp', 'avif']

/** Whether a result in the original's format can be compared sample by sample. */
export function isLossless(kind: ImageKind): boolean {
  return !lossyKinds.includes(kind)
}

/** An image file that looks like a photograph; the same options give the same file. */
export async function generateImage(options: {
  kind: ImageKind
  width: number
  height: number
  seed: number
}): Promise<Buffer> {
  const { kind, width, height } = options
  const raw = { width, height, channels: 3 } as const
  const pixels = photograph(options)
  const image = sharp(pixels, { raw })
  const deepImage = () => sharp(deepened(pixels), { raw }).toColourspace('rgb16')
  switch (kind) {
    case 'jpeg':
      return image.jpeg({ quality: 88 }).toBuffer()
    case 'png':
      return image.png({ compressionLevel: 3 }).toBuffer()
    case 'png-16-bit':
      return deepImage().png({ compressionLevel: 3 }).toBuffer()
    case 'png-palette':
      return image.png({ palette: true, effort: 1 }).toBuffer()
    case 'webp':
      return image.webp({ quality: 80, effort: 1 }).toBuffer()
    case 'webp-lossless':
      // Without loss, a lower quality means that less time is spent on compression: here a tenth.
      return image.webp({ lossless: true, effort: 0, quality: 1 }).toBuffer()
    case 'gif':
      return image.gif({ effort: 1 }).toBuffer()
    case 'tiff':
      return image.tiff({ compression: 'lzw' }).toBuffer()
    case 'tiff-16-bit':
      return deepImage().tiff({ compression: 'none' }).toBuffer()
    case 'avif':
      return image.avif({ quality: 65, effort: 0 }).toBuffer()
  }
}

/** The same light in 16 bits a sample; the lower eight bits differ from the upper bits, so that their loss is noticed. */
function deepened(pixels: Uint8ClampedArray): Uint16Array {
  return Uint16Array.from(pixels, (sample, at) => (sample << 8) | (at & 255))
}
