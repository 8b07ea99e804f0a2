import { type EncodedScan, setOptimalTables } from './encode-scan.ts'
import { expectNoError } from './jpeg-kernel.ts'
import { describePlanes, type Plane } from './planes.ts'
import type { Scan } from './scan.ts'
import { openOnlyScan, type ScanHandler, type ScannedFile } from './scan-reader.ts'
import { scansOf } from './scan-script.ts'

/**
 * Writes the only scan of a sequential image with Huffman tables made for it. Only the codes change, so the coefficients
 * need not be unpacked.
 */
export class ScanRecoder implements ScanHandler {
  readonly scans: { scan: Scan; encoded: EncodedScan }[] = []
  readonly #file: ScannedFile
  readonly #planes: readonly Plane[]

  constructor(file: ScannedFile) {
    this.#file = file
    this.#planes = describePlanes(file.kernel, file.frame)
  }

  read(scan: Scan, from: number, interval: number): number {
    const { kernel, frame } = this.#file
    const { start, end, mask, copy } = openOnlyScan(this.#file, scan)
    expectNoError(kernel, kernel.followScan(start + from, end, mask, interval, true, copy))
    const { tables, maxBytes } = setOptimalTables(kernel, scan)
    const target = kernel.allocate(maxBytes + this.#maxMarkerBytes(interval))
    const written = kernel.recodeScan(start + from, end, mask, interval, copy, target)
    const data = new Uint8Array(kernel.memory.buffer.slice(target, written))
    const [{ components }] = scansOf(frame) as [Scan]
    this.scans.push({ scan: { ...scan, components }, encoded: { tables, data, interval } })
    return kernel.scanEnd.value - start
  }

  /** Two bytes for each restart marker, and at most two that are padded before it. */
  #maxMarkerBytes(interval: number): number {
    const blocks = this.#planes.reduce((sum, { across, down }) => sum + across * down, 0)
    return interval === 0 ? 0 : 4 * Math.ceil(blocks / interval)
  }
}
