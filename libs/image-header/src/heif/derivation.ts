import type { HeifItem, HeifMeta } from './items.ts'

/** Images that are made of other images: ISO/IEC 23008-12 section 6.6.2. */
export const derivedTypes = ['grid', 'iden', 'iovl']

/** The ids of the images of which an image is made. */
export function derivedFrom(meta: HeifMeta, id: number): number[] {
  return meta.references.filter(({ type, from }) => type === 'dimg' && from === id).flatMap(({ to }) => to)
}

/** The (first) coded image of which a derived image is made; undefined when the derivation is circular. */
export function firstCodedItem(meta: HeifMeta, item: HeifItem): HeifItem | undefined {
  const visited = new Set<number>()
  let current: HeifItem | undefined = item
  while (current && derivedTypes.includes(current.type) && !visited.has(current.id)) {
    visited.add(current.id)
    const [first] = derivedFrom(meta, current.id)
    current = first === undefined ? undefined : meta.items.get(first)
  }
  return current
}
