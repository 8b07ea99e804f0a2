import {
  bytesSource,
  type ImageHeader,
  MalformedImage,
  readImageHeader,
  sniffFormat,
  UnsupportedImage,
} from '@darkroom/image-header'
import { formatNames } from './format-names.ts'
import { readable, UnusableImage } from './unusable-image.ts'

/** @throws UnusableImage when the file is not an image, or an image whose header is damaged or not supported */
export async function readHeader(input: Uint8Array): Promise<ImageHeader> {
  if (!sniffFormat(input)) {
    const expected = Object.values(formatNames).join(', ')
    throw new UnusableImage('not-an-image', `unsupported file type: expected ${expected}`)
  }
  try {
    return await readImageHeader(bytesSource(input))
  } catch (error) {
    if (!(error instanceof MalformedImage)) throw error
    const code = error instanceof UnsupportedImage ? 'unsupported-image' : 'malformed-image'
    throw new UnusableImage(code, readable(error.message), { cause: error })
  }
}
