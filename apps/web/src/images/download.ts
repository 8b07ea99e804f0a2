import type { ImageStatus } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import { offline, Refusal, refusalFrom } from '../api/refusal.ts'
import { notice } from '../shell/notice.ts'
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

/** Downloads under the name of the file that was uploaded: the server names the result by its id. */
export async function download(event: MouseEvent, row: Row, image: ImageStatus): Promise<void> {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  try {
    const answer = await fetch(downloadUrl(image)).catch(() => {
      throw offline()
    })
    if (!answer.ok) throw refusalFrom(answer.status, await answer.text(), answer.headers.get('retry-after'))
    const url = URL.createObjectURL(await answer.blob())
    Object.assign(document.createElement('a'), { href: url, download: downloadName(row, image) }).click()
    setTimeout(() => URL.revokeObjectURL(url), 60_000)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  }
}
