import { expectNoError, withJpegKernel } from './jpeg-kernel.ts'
import { describePlanes } from './planes.ts'
import { readJpegWith } from './read-jpeg.ts'
import type { Scan } from './scan.ts'
import { openOnlyScan, type ScanHandler, type ScannedFile } from './scan-reader.ts'

/**
 * Checks that all codes of a sequential JPEG of one scan are complete. DC is not added up, so a DC that is out of range is
 * not found: it damages no other pixels.
 *
 * @throws NotWellFormed as `cutJpeg` does
 */
export function followJpeg(input: Uint8Array): void {
  withJpegKernel(kernel => {
    readJpegWith(kernel, input, file => new ScanFollower(file))
  })
}

/** Follows the codes of the only scan of a sequential image, and keeps nothing. */
class ScanFollower implements ScanHandler {
  readonly #file: ScannedFile

  constructor(file: ScannedFile) {
    this.#file = file
    describePlanes(file.kernel, file.frame)
  }

  read(scan: Scan, from: number, interval: number): number {
    const { kernel } = this.#file
    const { start, end, mask, copy } = openOnlyScan(this.#file, scan)
    expectNoError(kernel, kernel.followScan(start + from, end, mask, interval, false, copy))
    return kernel.scanEnd.value - start
  }
}
