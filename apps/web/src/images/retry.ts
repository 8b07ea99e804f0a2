import type { ImageStatus } from '@darkroom/contracts'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { notice } from '../shell/notice.ts'
import { imageOf, type Row } from './row.ts'
import { update } from './store.ts'

const underWay = new Set<Row>()

/** Develops a failed image again. */
export async function retryImage(row: Row): Promise<void> {
  const image = imageOf(row)
  if (!image || underWay.has(row)) return
  underWay.add(row)
  try {
    update(
      await request<ImageStatus>(`images/${image.id}/retry`, { method: 'POST' }),
      row.view.value.state === 'failed' ? versionAfter(row) : 0,
    )
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    notice(error)
  } finally {
    underWay.delete(row)
  }
}

/** The answer has no version, but is newer than the failure. */
function versionAfter({ view: { value } }: Row): number {
  return 'version' in value ? value.version + 1 : 1
}
