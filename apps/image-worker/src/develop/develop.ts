import type { Operation } from '@darkroom/contracts'
import {
  bytesSource,
  exceededLimit,
  type ImageHeader,
  MalformedImage,
  readImageHeader,
  sniffFormat,
  type UnpackedLimits,
} from '@darkroom/image-header'
import type { Developed } from '../thread/work-loop.ts'
import { channelOrderOf } from './channel-order-of.ts'
import { permuteFile } from './permute-file.ts'
import { runPipeline } from './pipeline.ts'
import { UnusableImage } from './unusable-image.ts'

export interface DevelopLimits extends UnpackedLimits {
  processingMs: number
}

/**
 * Develops one image: the operations in their order, each on the result of the one before. The result's
 * format is the original's, lossless where that was; metadata that can identify people is gone.
 *
 * @throws UnusableImage when the image is not what it should be, or exceeds a limit
 */
export async function develop(
  input: Uint8Array,
  operations: readonly Operation[],
  limits: DevelopLimits,
): Promise<Developed> {
  const header = await readHeader(input)
  const excess = exceededLimit(header, limits)
  if (excess !== undefined) throw new UnusableImage('too-many-pixels', excess)
  const order = channelOrderOf(operations)
  const bytes = await permuteFile(input, header, order)
  return bytes ? { bytes, facts: factsOf(header) } : runPipeline(input, header, order, limits)
}

async function readHeader(input: Uint8Array): Promise<ImageHeader> {
  if (!sniffFormat(input))
    throw new UnusableImage('not-an-image', 'these bytes are no image that is taken here')
  try {
    return await readImageHeader(bytesSource(input))
  } catch (error) {
    if (error instanceof MalformedImage)
      throw new UnusableImage('malformed-image', error.message, { cause: error })
    throw error
  }
}

function factsOf({ contentType, width, height, frames }: ImageHeader): Developed['facts'] {
  return { contentType, width, height, frames }
}
