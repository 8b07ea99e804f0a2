import type { PageCursors } from '@darkroom/service-kit'

/**
 * A page of names in their order, after the name with which the page before ended.
 *
 * @throws ServiceProblem 400 for a cursor that was never given out
 */
export function pageOf(
  names: Iterable<string>,
  { limit = 100, cursor }: { limit?: number; cursor?: string },
  cursors: PageCursors,
): { names: string[]; next?: string } {
  const after = cursors.read(cursor) ?? ''
  const coming = [...names].filter(name => name > after).toSorted()
  const page = coming.slice(0, limit)
  const last = page.at(-1)
  return cursors.write({ names: page, ...(last !== undefined && coming.length > limit && { next: last }) })
}
