import { hash } from 'node:crypto'
import { ServiceProblem } from '../problems/problems.ts'

const checkBytes = 6

/**
 * The cursors of one listing: base64url of a check and the last item of a page. The check distinguishes a real cursor from
 * any other text, so that a made-up cursor is not used as a position in the listing.
 */
export class PageCursors {
  readonly #listing: string

  constructor(listing: string) {
    this.#listing = listing
  }

  /**
   * The item in a cursor; undefined without a cursor. @throws ServiceProblem 400 if the cursor is not from this listing
   */
  read(cursor: string | undefined): string | undefined {
    if (cursor === undefined || cursor === '') return undefined
    const item = Buffer.from(cursor, 'base64url').subarray(checkBytes).toString()
    if (this.#write(item) === cursor) return item
    const remedy = 'use the `next` of the previous page, or no cursor for the first page'
    throw new ServiceProblem(
      400,
      'invalid-cursor',
      `the cursor "${cursor}" is not from this listing; ${remedy}`,
    )
  }

  /** The page for a response: `next` becomes a cursor instead of the page's last item. */
  write<Page extends { next?: string }>({ next, ...page }: Page) {
    return { ...page, ...(next !== undefined && { next: this.#write(next) }) }
  }

  #write(item: string): string {
    const check = hash('sha256', `${this.#listing} ${item}`, 'buffer').subarray(0, checkBytes)
    return Buffer.concat([check, Buffer.from(item)]).toString('base64url')
  }
}

/** The cursors of task listings, and of listings of the tasks' images. */
export const taskCursors = new PageCursors('tasks')
