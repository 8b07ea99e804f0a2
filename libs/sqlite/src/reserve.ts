import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, fstatSync, openSync, truncateSync, writeFileSync } from 'node:fs'
import { checkpointBytes } from './write-ahead-log.ts'

/**
 * Enough for the log of several deletions of small rows, and for the growth of the database when the log is written back:
 * only then can the log be truncated.
 */
export const defaultReserveBytes = checkpointBytes + 256 * 1024
/** File systems can't compress random bytes. They repeat, because generating them takes time. */
const pieceBytes = 256 * 1024
/** The pause before an incomplete reserve is filled again: while the disk is full, each attempt fails. */
const refillMs = 10_000

/**
 * A file beside a database that reserves space for writes that make room. Such writes need some space themselves: a deletion
 * is first written to the log. Without it, nothing could be deleted on a disk without a free byte.
 */
export class Reserve {
  readonly #path: string
  readonly #bytes: number
  #isComplete = false
  #triedAt = Number.NEGATIVE_INFINITY

  /** `bytes` is a multiple of 256 KiB. */
  constructor(database: string, bytes: number) {
    this.#path = `${database}-reserve`
    this.#bytes = bytes
    this.refill()
  }

  /** Gives the space back to the disk, until the next `refill`. */
  release(): void {
    this.#isComplete = false
    this.#triedAt = Number.NEGATIVE_INFINITY
    try {
      if (existsSync(this.#path)) truncateSync(this.#path)
    } catch {
      // Some file systems need space even to give space back. Then the writes get the error of the full disk.
    }
  }

  /** Takes the space, unless the disk is full. */
  refill(): void {
    const now = performance.now()
    if (this.#isComplete || now - this.#triedAt < refillMs) return
    this.#triedAt = now
    try {
      this.#fill()
      this.#isComplete = true
    } catch {
      // Usually, the disk is full. The part that was written stays reserved, and the rest is retried later. Without a
      // reserve, everything but deletions on a full disk works.
    }
  }

  /** Appends only the missing bytes: if space were released first, other programs could take it. */
  #fill(): void {
    const file = openSync(this.#path, 'a', 0o600)
    try {
      const { size } = fstatSync(file)
      if (size >= this.#bytes) return
      const piece = randomBytes(pieceBytes)
      for (let filled = size; filled < this.#bytes; filled += piece.length) writeFileSync(file, piece)
    } finally {
      closeSync(file)
    }
  }
}
