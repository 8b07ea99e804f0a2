import type { ImageStatus, Operation } from '@darkroom/contracts'
import { urlOf } from '../api/base.ts'
import { request } from '../api/request.ts'
import { canShow } from './shown-types.ts'

/*
 * Previews of images that the browser can't show: small, in a format that it can. The server makes them as variants of the
 * same upload or, for images without previews, from the stored original.
 */

/** The names of the two variants. */
export const sides = { before: 'page-before', after: 'page-after' } as const

/** What is made of an image: its result, and further ones by name. */
export interface Lists {
  operations?: readonly Operation[]
  variants?: Readonly<Record<string, readonly Operation[]>>
}

const small = [
  { name: 'resize', width: 1200, height: 1200, fit: 'inside' },
  { name: 'format', type: 'webp' },
] as unknown as Operation[]

const maxOperations = 10
const maxVariants = 8

/**
 * Adds previews to the request for a file if the browser can't show one side. Without operations it adds none: variants
 * alone would replace the server's default, which is not known here.
 */
export function withPreviews(file: File, lists: Lists): Lists {
  const { operations, variants = {} } = lists
  if (!operations || (canShowFile(file) && canShowResult(operations))) return lists
  const all = { ...variants, ...previewsOf(operations) }
  return Object.keys(all).length > maxVariants ? lists : { operations, variants: all }
}

/** The previews and trials of the page are not shown among the images. */
export function isMadeForPage({ operations, variants }: ImageStatus): boolean {
  return !operations && variants !== undefined && Object.keys(variants).every(isSide)
}

/** Whether a variant was made for the page alone. */
export function isSide(variant: string): boolean {
  return variant === sides.before || variant === sides.after
}

function canShowFile({ name, type }: File): boolean {
  return !/\.(hei[cf]|tiff?)$/i.test(name) && (!type.startsWith('image/') || canShow(type))
}

function canShowResult(operations: readonly Operation[]): boolean {
  const format = operations.findLast(({ name }) => name === 'format')
  return !(format && 'type' in format) || canShow(`image/${format.type}`)
}

/** Both sides, small. The developed side is left out if its list is too long. */
export function previewsOf(operations: readonly Operation[]): Record<string, readonly Operation[]> {
  const kept = operations.filter(({ name }) => name !== 'format')
  const after = [...kept, ...small]
  return { [sides.before]: small, ...(after.length <= maxOperations && { [sides.after]: after }) }
}

export interface Previews {
  before: Blob
  after: Blob
}

/** Makes both sides of a result that came without previews. The image that is made for it is deleted again. */
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

/** Has an image made for the page, takes from it what is needed, and deletes it. */
export async function developOnce<Taken>(
  source: { json: unknown } | { query: Record<string, string>; body: Blob },
  take: (id: string) => Promise<Taken>,
): Promise<Taken> {
  const headers: Record<string, string> = { prefer: 'wait=50' }
  if ('body' in source) headers['content-type'] = 'application/octet-stream'
  const { id, state, error } = await request<ImageStatus>('images', { method: 'POST', headers, ...source })
  try {
    if (state === 'failed') throw new Error(`It could not be developed: ${error?.detail ?? 'it failed'}`)
    if (state !== 'finished') throw new Error('Darkroom is busy. Try again in a moment.')
    return await take(id)
  } finally {
    await request(`images/${id}`, { method: 'DELETE' }).catch(() => undefined) // it expires in any case
  }
}

export async function loadVariant(id: string, variant: string): Promise<Blob> {
  const answer = await fetch(urlOf(`images/${id}/variants/${variant}`))
  if (!answer.ok) throw new Error(`The preview could not be loaded (status ${answer.status}). Try again.`)
  return answer.blob()
}
