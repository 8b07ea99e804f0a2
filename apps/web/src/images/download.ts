import type { ImageStatus } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import type { Row } from './row.ts'

export function downloadUrl({ id }: ImageStatus): string {
  return urlOf(`images/${id}/result`)
}

/** The name of the original with the extension of the result. */
export function downloadName({ name }: Row, { result }: ImageStatus): string {
  const stem = name
    .split('/')
    .pop()
    ?.replace(/\.[^.]*$/, '')
  const extension = (result?.contentType ?? '')
    .replace('image/', '')
    .replace('jpeg', 'jpg')
    .replace('tiff', 'tif')
  return `${stem}.${extension}`
}
