import type {
  ImageStatus,
  Operation,
  maxOperations as serverOperations,
  maxVariants as serverVariants,
} from '@darkroom/contracts'
import { randomText } from './row.ts'
import { canShow } from './shown-types.ts'

/*
 * Previews of images that the browser can't show: small, in a format that it can show. The server makes them as variants
 * of the same upload or, for images without previews, from the stored original.
 */

/** The names of the two variants. A user's own variant may have the same name: see isPreview. */
export const sides = { before: 'page-before', after: 'page-after' } as const

/** The operations for the result of an image, and those for each variant. */
export interface Lists {
  operations?: readonly Operation[]
  variants?: Readonly<Record<string, readonly Operation[]>>
}

const small = [
  { name: 'resize', width: 1200, height: 1200, fit: 'inside' },
  { name: 'format', type: 'webp' },
] as unknown as Operation[]
/** The server's response also contains the arguments that it has added. */
const shownArguments = ['name', 'width', 'height', 'fit', 'type']

/** The limits of the server. The compiler compares them with the contracts, whose code is not loaded into the page. */
export const maxOperations: typeof serverOperations = 10
export const maxVariants: typeof serverVariants = 8

/**
 * Adds previews to the request for a file if the browser can't show one side. It adds none if there are no operations:
 * variants alone would replace the server's default, which is unknown here.
 */
export function withPreviews(file: File, lists: Lists): Lists {
  const { operations, variants = {} } = lists
  if (!operations || (canShowFile(file) && canShowResult(operations))) return lists
  const previews = previewsOf(operations)
  if (Object.keys(previews).some(name => name in variants)) return lists
  const all = { ...variants, ...previews }
  return Object.keys(all).length > maxVariants ? lists : { operations, variants: all }
}

/** The previews and trials of the page are not shown among the images. */
export function isMadeForPage({ operations, variants }: ImageStatus): boolean {
  return (
    !operations &&
    variants !== undefined &&
    Object.entries(variants).every(([name, variant]) => isPreview(name, variant) || trialPattern.test(name))
  )
}

const trialPattern = /^page-trial-[0-9a-f]{32}$/

/** A name for the only variant of a trial; no user's variant has this name. */
export function nameOfTrial(): string {
  return `page-trial-${randomText()}`
}

interface Variant {
  operations: readonly Operation[]
}

/** Whether a variant was made for the page alone. */
export function isPreview(name: string, { operations }: Variant): boolean {
  const [resize, format] = operations.slice(-small.length)
  return (
    (name === sides.before || name === sides.after) &&
    JSON.stringify([resize, format], shownArguments) === JSON.stringify(small)
  )
}

/** Whether an image has a preview of a side. */
export function hasPreview(image: ImageStatus | undefined, side: string): boolean {
  const variant = image?.variants?.[side]
  return variant !== undefined && isPreview(side, variant)
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
