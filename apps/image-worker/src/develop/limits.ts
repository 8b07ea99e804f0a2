import type { UnpackedLimits } from '@darkroom/image-header'

export interface DevelopLimits extends UnpackedLimits {
  processingMs: number
}

/** As sharp takes it. */
export function timeoutOf({ processingMs }: DevelopLimits): { seconds: number } {
  return { seconds: Math.ceil(processingMs / 1000) }
}
