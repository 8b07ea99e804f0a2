import type { ImageHeader } from './image-facts.ts'

export interface UnpackedLimits {
  /** The limit for the pixels of all frames together. */
  maxPixels: number
  /** The limit for the unpacked samples of all frames together. */
  maxUnpackedBytes: number
}

/** A sentence for users when the image exceeds a limit; undefined when it fits. */
export function exceededLimit(header: ImageHeader, limits: UnpackedLimits): string | undefined {
  if (header.pixels > limits.maxPixels)
    return `the image has ${header.pixels} pixels; the limit is ${limits.maxPixels}`
  if (header.unpackedBytes > limits.maxUnpackedBytes)
    return `the image has ${header.unpackedBytes} bytes when unpacked; the limit is ${limits.maxUnpackedBytes}`
  return undefined
}
