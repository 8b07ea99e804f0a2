import { createHash } from 'node:crypto'
import { ServiceProblem } from '../problems/problems.ts'

const checkBytes = 6

/**
 * The cursors of one listing: base64url of a check and of the item that a page ended with. The check tells a cursor
 * that was given out from any other text, so that a mistaken cursor isn't taken for a place in the listing.
 */
export class PageCursors {
  readonly #listing: string

  constructor(listing: string) {
    this.#listing = listing
  }

  /** The item that a cursor stands for; none for no cursor. @throws ServiceProblem 400 for what was never given out */
  read(cursor: string | undefined): string | undefined {
    if (cursor === undefined || cursor === '') return undefined
    const item = Buffer.from(cursor, 'base64url').subarray(checkBytes).toString()
    if (this.#write(item) === cursor) return item
    const remedy = 'give the `next` of a page before, or no cursor for the first page'
    throw new ServiceProblem(
      400,
      'invalid-cursor',
      `the cursor "${cursor}" was not given out here; ${remedy}`,
    )
  }

  /** A page as it is answered: with a cursor in place of the item that it ended with, if others follow. */
  write<Page extends { next?: string }>({ next, ...page }: Page) {
    return { ...page, ...(next !== undefined && { next: this.#write(next) }) }
  }

  #write(item: string): string {
    const check = createHash('sha256').update(`${this.#listing} ${item}`).digest().subarray(0, checkBytes)
    return Buffer.concat([check, Buffer.from(item)]).toString('base64url')
  }
}

/** Of tasks, and of the images that they are of. */
export const taskCursors = new PageCursors('tasks')
