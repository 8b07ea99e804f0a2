import type { ImageHeader } from '@darkroom/image-header'
import { isAnimatable } from './format-abilities.ts'
import type { DevelopLimits } from './limits.ts'

/** How sharp opens an image: all frames of an animation, and nothing that is damaged. */
export function openOptions({ format, frames }: ImageHeader, { maxPixels }: DevelopLimits) {
  const pages = frames > 1 && isAnimatable(format) ? -1 : 1
  return { pages, limitInputPixels: maxPixels, failOn: 'warning' } as const
}
