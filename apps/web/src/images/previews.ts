import type { ImageStatus, Operation } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import { request } from '../api/request.ts'
import { presets } from '../recipe/presets.ts'
import type { Wish } from './row.ts'
import { canShow } from './shown-types.ts'

/*
 * Previews of images that the browser can't show: small, in a format that it can. The server makes them as variants of the
 * same upload or, for images without previews, from the stored original.
 */

/** The names of the two variants. */
export const sides = { before: 'page-before', after: 'page-after' } as const

const small = [
  { name: 'resize', width: 1200, height: 1200, fit: 'inside' },
  { name: 'format', type: 'webp' },
] as unknown as Operation[]

const maxOperations = 10

/** Adds previews to the request for a file that the browser can't show. */
export function withPreviews(file: File, wish: Wish, operations: readonly Operation[]): Wish {
  if (!isStrange(file) || presets.peek() === undefined) return wish
  return { ...wish, variants: JSON.stringify(previewsOf(operations)) }
}

/** The variants of an image, by name. */
export function variantsOf(image: ImageStatus): Readonly<Record<string, unknown>> {
  return ('variants' in image ? (image.variants as Record<string, unknown>) : undefined) ?? {}
}

function isStrange({ name, type }: File): boolean {
  return /\.(hei[cf]|tiff?)$/i.test(name) || (type.startsWith('image/') && !canShow(type))
}

function previewsOf(operations: readonly Operation[]): Record<string, readonly Operation[]> {
  const kept = operations.filter(({ name }) => name !== 'format')
  const after = [...kept, ...small]
  return { [sides.before]: small, ...(after.length <= maxOperations && { [sides.after]: after }) }
}

export interface Previews {
  before: Blob
  after: Blob
}

/** Makes both sides of an image that came without previews. The image that is made for it is deleted again. */
export async function makePreviews(image: ImageStatus): Promise<Previews> {
  const { id, state, error } = await request<ImageStatus>('images', {
    method: 'POST',
    headers: { prefer: 'wait=50' },
    json: { from: image.id, variants: previewsOf(image.operations ?? []) },
  })
  try {
    if (state === 'failed') throw new Error(error?.detail ?? 'it failed')
    if (state !== 'finished') throw new Error('Darkroom is busy; try again in a moment')
    const [before, after] = await Promise.all([load(id, sides.before), load(id, sides.after)])
    return { before, after }
  } finally {
    await request(`images/${id}`, { method: 'DELETE' }).catch(() => undefined) // it expires in any case
  }
}

async function load(id: string, variant: string): Promise<Blob> {
  const answer = await fetch(urlOf(`images/${id}/variants/${variant}`))
  if (!answer.ok) throw new Error(`the preview could not be loaded (status ${answer.status})`)
  return answer.blob()
}
