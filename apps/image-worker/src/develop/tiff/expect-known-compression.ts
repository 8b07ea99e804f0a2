import { UnusableImage } from '../unusable-image.ts'
import type { TiffPage } from './tiff-page.ts'

/**
 * Compressions that programs write, but that the libtiff in sharp can't unpack. Old-style JPEG became JPEG before, unless a
 * part of it is missing.
 */
const unknown: Readonly<Record<number, string>> = {
  6: 'old-style JPEG without its tables',
  33003: 'JPEG 2000',
  33004: 'JPEG 2000',
  33005: 'JPEG 2000',
  34661: 'JBIG',
  34712: 'JPEG 2000',
  34887: 'LERC',
  34892: 'lossy JPEG of DNG',
  34925: 'LZMA',
  34933: 'PNG',
  34934: 'JPEG XR',
  50002: 'JPEG XL',
  52546: 'JPEG XL',
}

/**
 * The messages of libtiff don't name the compression, or only report that libtiff was built without it.
 *
 * @throws UnusableImage
 */
export function expectKnownCompression({ compression }: Pick<TiffPage, 'compression'>): void {
  const name = unknown[compression]
  if (name === undefined) return
  const words = `TIFFs compressed with ${name} (${compression}) are not supported; save the TIFF with LZW, Deflate or no compression`
  throw new UnusableImage('unsupported-compression', words)
}
