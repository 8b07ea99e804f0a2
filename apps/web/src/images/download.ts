import { Refusal } from '../api/refusal.ts'
import { requestBytes } from '../api/request.ts'
import { notice } from '../shell/notice.ts'
import type { Download } from './outputs.ts'

/** Downloads under the name of the file that was uploaded: the server names files by the id. */
export async function download(event: MouseEvent, { url, name }: Download): Promise<void> {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  const link = event.currentTarget as HTMLElement
  if (link.ariaBusy === 'true') return // the second click of a double click
  link.ariaBusy = 'true'
  try {
    const href = URL.createObjectURL(await requestBytes(url))
    Object.assign(document.createElement('a'), { href, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(href), 60_000)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  } finally {
    link.ariaBusy = null
  }
}
