/** A page of names in their order, after the name with which the page before ended. */
export function pageOf(
  names: Iterable<string>,
  { limit = 100, cursor = '' }: { limit?: number; cursor?: string },
): { names: string[]; next?: string } {
  const coming = [...names].filter(name => name > cursor).toSorted()
  const page = coming.slice(0, limit)
  const last = page.at(-1)
  return { names: page, ...(last !== undefined && coming.length > limit && { next: last }) }
}
