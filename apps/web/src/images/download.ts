import { offline, Refusal, refusalFrom } from '../api/refusal.ts'
import { notice } from '../shell/notice.ts'
import type { Download } from './outputs.ts'

/** Downloads under the name of the file that was uploaded: the server names what it sends by the id. */
export async function download(event: MouseEvent, { url, name }: Download): Promise<void> {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  try {
    const answer = await fetch(url).catch(() => {
      throw offline()
    })
    if (!answer.ok) throw refusalFrom(answer.status, await answer.text(), answer.headers.get('retry-after'))
    const href = URL.createObjectURL(await answer.blob())
    Object.assign(document.createElement('a'), { href, download: name }).click()
    setTimeout(() => URL.revokeObjectURL(href), 60_000)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  }
}
