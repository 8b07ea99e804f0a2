import { statfs } from 'node:fs/promises'
import type { Disk } from '@darkroom/contracts'
import { StoreFull } from '@darkroom/service-kit'

/** How often the free space is read, at most, while there is enough. */
const checkMs = 100

/** The space on the disk of a folder, of which a minimum is kept free. */
export class FreeSpace {
  readonly #folder: string
  readonly #minFreeBytes: number
  #checkedAt = Number.NEGATIVE_INFINITY
  #checkedBytes = 0

  constructor(folder: string, minFreeBytes: number) {
    this.#folder = folder
    this.#minFreeBytes = minFreeBytes
  }

  async read(): Promise<Disk> {
    const { bavail, blocks, bsize } = await statfs(this.#folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  }

  /** The `reusableBytes` of the used space count as free. @throws StoreFull if less than the minimum is free */
  async check(reusableBytes: () => number): Promise<void> {
    const isEnough = () =>
      this.#checkedBytes >= this.#minFreeBytes || this.#checkedBytes + reusableBytes() >= this.#minFreeBytes
    const now = performance.now()
    if (now - this.#checkedAt < checkMs && isEnough()) return
    this.#checkedBytes = (await this.read()).freeBytes
    this.#checkedAt = now
    if (!isEnough()) throw new StoreFull(`the disk has less than ${this.#minFreeBytes} bytes free`)
  }
}
