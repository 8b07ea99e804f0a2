import type { PageCursors } from '@darkroom/service-kit'

/**
 * A page of names in their order, after the last name of the previous page.
 *
 * @throws ServiceProblem 400 for an invalid cursor
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
