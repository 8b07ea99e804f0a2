import { contentTypeOf } from '@darkroom/image-header'
import { canDecodeHeic } from './heic/libheif.ts'

/** The optional types of originals that are decoded here. */
export function decodedTypes(): string[] {
  return canDecodeHeic() ? [contentTypeOf('heic')] : []
}
