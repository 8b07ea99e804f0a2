import type { ImageStatus } from '@darkroom/contracts'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { notice } from '../shell/notice.ts'
import { imageOf, type Row, type RowView } from './row.ts'
import { update } from './store.ts'

const underWay = new Set<Row>()

/** Develops a failed image again. */
export async function retryImage(row: Row): Promise<void> {
  const image = imageOf(row)
  if (!image || underWay.has(row)) return
  underWay.add(row)
  const failure = row.view.value
  try {
    const retried = await request<ImageStatus>(`images/${image.id}/retry`, { method: 'POST' })
    // Events of the new attempt may have arrived before the response, even that it has failed again.
    update(retried, row.view.value === failure ? versionAfter(failure) : 0)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  } finally {
    underWay.delete(row)
  }
}

/** The response has no version, but is newer than the failure. */
function versionAfter(failure: RowView): number {
  return 'version' in failure ? failure.version + 1 : 1
}
