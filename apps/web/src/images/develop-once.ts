import type { ImageStatus, Operation } from '@darkroom/contracts'
import { request, requestBytes } from '../api/request.ts'
import { maxOperations, previewsOf, sides } from './previews.ts'

export interface Previews {
  before: Blob
  after: Blob
}

/** Makes both sides of a result that came without previews. The image that it creates for this is deleted again. */
export async function makePreviews(id: string, operations: readonly Operation[]): Promise<Previews> {
  const lists = previewsOf(operations)
  if (!lists[sides.after])
    throw new Error(
      `A preview needs two more steps, but at most ${maxOperations} are allowed. Download the result instead.`,
    )
  return developOnce({ json: { from: id, variants: lists } }, async made => {
    const [before, after] = await Promise.all([
      loadVariant(made, sides.before),
      loadVariant(made, sides.after),
    ])
    return { before, after }
  })
}

/** Develops an image for the page, waits until `take` has read the results that it needs, and deletes the image. */
export async function developOnce<Taken>(
  source: { json: unknown } | { query: Record<string, string>; body: Blob },
  take: (id: string) => Promise<Taken>,
): Promise<Taken> {
  const headers: Record<string, string> = { prefer: 'wait=50' }
  if ('body' in source) headers['content-type'] = 'application/octet-stream'
  const { id, state, error } = await request<ImageStatus>('images', { method: 'POST', headers, ...source })
  try {
    if (state === 'failed')
      throw new Error(`It could not be developed: ${error?.detail ?? 'the reason is unknown'}`)
    if (state !== 'finished') throw new Error('Darkroom is busy. Try again in a moment.')
    return await take(id)
  } finally {
    await request(`images/${id}`, { method: 'DELETE', keepalive: true }).catch(() => undefined) // it expires in any case
  }
}

export function loadVariant(id: string, variant: string): Promise<Blob> {
  return requestBytes(`images/${id}/variants/${variant}`)
}
