import type { Validators } from '@darkroom/service-kit'
import type { OpenBlob } from '../engine/engine.ts'

/** The strong ETag of a blob is its digest. */
export function validatorsOf({ blob, modifiedAt }: Pick<OpenBlob, 'blob' | 'modifiedAt'>): Validators {
  return { etag: `"${blob.sha256}"`, modifiedAt }
}
