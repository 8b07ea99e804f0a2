import { contentTypeOf } from '@darkroom/image-header'
import { canDecodeHeic } from '../heic/libheif.ts'

/** The optional file types that this worker can decode. */
export function decodedTypes(): string[] {
  return canDecodeHeic() ? [contentTypeOf('heic')] : []
}
