import { DecodeTables } from '../../permute/jpeg/decode-tables.ts'
import { type Component, type Frame, parseFrame } from '../../permute/jpeg/frame.ts'
import { expectNoError, type JpegKernel } from '../../permute/jpeg/jpeg-kernel.ts'
import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { allocatePlanes, describePlanes } from '../../permute/jpeg/planes.ts'
import { componentMask, parseScan, type Scan } from '../../permute/jpeg/scan.ts'
import { ScanHistory } from '../../permute/jpeg/scan-history.ts'
import { copyIn, prepareScan } from '../../permute/jpeg/scan-reader.ts'
import { DamagedScan, NotWellFormed } from '../../permute/not-well-formed.ts'
import { endOfScanData } from '../jpeg/next-marker.ts'
import { expectSteps } from './quantisation-steps.ts'

/** Mends the scans of a JPEG: their ranges, and the stray bytes before their markers. */
export class ScanMender {
  readonly #kernel: JpegKernel
  readonly #bytes: Buffer
  readonly #tables: DecodeTables
  readonly #followsAll: boolean
  readonly #findsEnd: boolean
  #frame: Frame | undefined
  #history: ScanHistory | undefined
  #isHuffman = true
  #isComplete = false
  /** Whether the kernel has followed the codes of all scans so far. */
  #canFollow = true
  /** The address of the file in the kernel's memory. */
  #copy: number | undefined
  #interval = 0
  /** Sums over all scans of the kernel's counters. */
  #strayRuns = 0
  #longRuns = 0
  #codeRuns = 0
  #fillings = 0

  /**
   * @param bytes the file, which is changed
   * @param followsAll whether to look for damage, too: `mend` then throws DamagedScan
   * @param findsEnd whether to overwrite also the stray bytes after a scan that has the whole image
   */
  constructor(kernel: JpegKernel, bytes: Buffer, { followsAll = false, findsEnd = false } = {}) {
    this.#kernel = kernel
    this.#bytes = bytes
    this.#tables = new DecodeTables(kernel)
    this.#followsAll = followsAll
    this.#findsEnd = findsEnd
  }

  /** The components of the frame; empty before the frame header. */
  get components(): readonly Component[] {
    return this.#frame?.components ?? []
  }

  /** Whether the kernel could follow the codes of all scans that it had to follow so far. */
  get areFollowed(): boolean {
    return this.#isHuffman && this.#canFollow
  }

  /** Whether a single scan has the whole image: no decoder looks at the bytes after it. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** Takes a segment that isn't a scan's header. Throws NotWellFormed if no decoder could accept it. */
  take(marker: number, data: Buffer): void {
    if (marker === markers.huffmanTables) this.#tables.define(data)
    if (marker === markers.quantisationTables) expectSteps(data)
    if (marker === markers.restartInterval) this.#interval = data.length === 2 ? data.readUInt16BE() : 0
    if (!frames.includes(marker)) return
    if (this.#frame) throw new NotWellFormed('the file has two frames')
    this.#frame = parseFrame(
      data,
      marker === markers.progressiveFrame || marker === progressiveArithmeticFrame,
    )
    this.#history = new ScanHistory(this.#frame)
    this.#isHuffman = marker < markers.huffmanTables
  }

  /**
   * Mends a scan, given its header and the position of its data. Returns the position of the marker that ends the data.
   */
  mend(header: Buffer, from: number): number {
    const frame = this.#frame
    if (!frame || !this.#history) throw new NotWellFormed('a scan comes before the frame header')
    const range = header.subarray(-3)
    if (!frame.isProgressive && range.every(byte => byte === 0)) range.set(wholeRange)
    const scan = parseScan(header, frame)
    this.#history.add(scan, anyTables)
    // Decoders use standard tables for a file without any, such as Motion JPEG. But the tables may have been in a segment
    // that was lost.
    if (this.#isHuffman) prepareScan(this.#kernel, this.#tables, scan)
    const isOnly = !frame.isProgressive && header[0] === frame.components.length
    this.#isComplete = isOnly
    const mayHaveStrays = !isOnly || this.#interval !== 0
    if (this.#isHuffman && this.#canFollow && (mayHaveStrays || this.#followsAll)) {
      try {
        return this.#follow(frame, scan, from, isOnly && !this.#findsEnd)
      } catch (error) {
        if (!(error instanceof NotWellFormed)) throw error
        if (this.#followsAll && error instanceof DamagedScan) throw error
        this.#canFollow = false
      }
    }
    return endOfScanData(this.#bytes, from)
  }

  /**
   * Ends the image. Damaged data may also seem to end early, so that codes are left before a marker. Damage differs in
   * three ways: it leaves bytes at one place, while a camera leaves bytes at many; the bytes look like codes; and the
   * last byte of the data is padded differently from all others.
   *
   * @throws NotWellFormed if the stray bytes look like damage, or if a scan is missing
   */
  end(): void {
    this.#history?.end()
    if (this.#strayRuns === 0) return
    const isLongAndLone = this.#strayRuns === 1 && this.#longRuns === 1
    const areMostlyCodes = 2 * this.#codeRuns >= this.#strayRuns
    const areFilledAlike = this.#fillings <= 2
    if (isLongAndLone || areMostlyCodes || !areFilledAlike)
      throw new NotWellFormed('there are bytes after the end of a scan')
  }

  /** @throws NotWellFormed if data are missing, or aren't codes */
  #follow(frame: Frame, scan: Scan, from: number, isOnly: boolean): number {
    expectFewBlocks(frame, scan)
    this.#copy ??= this.#copyIn(frame)
    const [start, end] = [this.#copy + from, this.#copy + this.#bytes.length]
    const mask = componentMask(scan)
    expectNoError(this.#kernel, this.#kernel.mendScan(start, end, mask, this.#interval, isOnly))
    const { codeRuns, fillings, longRuns, scanEnd, strayRuns } = this.#kernel
    this.#fillings |= fillings.value
    this.#codeRuns += codeRuns.value
    this.#longRuns += longRuns.value
    this.#strayRuns += strayRuns.value
    if (strayRuns.value > 0)
      this.#bytes.set(new Uint8Array(this.#kernel.memory.buffer, start, scanEnd.value - start), from)
    return scanEnd.value - this.#copy
  }

  #copyIn(frame: Frame): number {
    const samples = frame.isProgressive ? frame.width * frame.height * frame.components.length : 0
    if (2 * samples + this.#bytes.length > mostBytes) throw new NotWellFormed('the image has too many pixels')
    const start = copyIn(this.#kernel, this.#bytes)
    // Only progressive scans build on earlier scans.
    if (frame.isProgressive) allocatePlanes(this.#kernel, frame)
    else describePlanes(this.#kernel, frame)
    return start
  }
}

/** The limit for the file and its coefficients: half of the kernel's address space. */
const mostBytes = 2 ** 30

const progressiveArithmeticFrame = 0xca
const frames: readonly number[] = [
  markers.baselineFrame,
  markers.extendedFrame,
  markers.progressiveFrame,
  markers.arithmeticFrame,
  progressiveArithmeticFrame,
]

/** All quantisation tables, with any steps: the decoder finds out whether the file has the tables. */
const anyTables = new Map([0, 1, 2, 3].map(number => [number, new Uint8Array(64)]))

/** Ss, Se, and Ah with Al: all bits of all coefficients (T.81, B.2.3). */
const wholeRange = [0, 63, 0]

/** Throws NotWellFormed for more than ten blocks in an MCU (T.81, B.2.3). */
function expectFewBlocks({ components }: Frame, scan: Scan): void {
  if (scan.components.length === 1) return
  let blocks = 0
  for (const { index } of scan.components) {
    const { horizontal = 0, vertical = 0 } = components[index] ?? {}
    blocks += horizontal * vertical
  }
  if (blocks > 10) throw new NotWellFormed('a scan has more than 10 blocks in a unit')
}
