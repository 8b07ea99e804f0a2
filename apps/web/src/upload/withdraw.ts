import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import type { Row } from '../images/row.ts'
import { mayHaveArrived } from './queue.ts'
import { goesInPieces, uploadIdOf } from './send-in-pieces.ts'

/**
 * Deletes an upload whose response did not arrive, so the id of the image is unknown here. The upload may even end later.
 * The request outlives the page.
 */
export async function withdraw(row: Row): Promise<void> {
  if (!mayHaveArrived(row)) return
  const uploadId = uploadIdOf(row)
  if (goesInPieces(row) && uploadId === undefined) return // nothing has arrived
  const options = { method: 'DELETE', keepalive: true, mayLackKey: true } as const
  try {
    if (uploadId === undefined)
      await request('images', { ...options, query: { idempotencyKey: row.idempotencyKey } })
    else await request(`uploads/${uploadId}`, { ...options, headers: { 'tus-resumable': '1.0.0' } })
  } catch (error) {
    if (!(error instanceof Refusal)) throw error // it expires in any case
  }
}
