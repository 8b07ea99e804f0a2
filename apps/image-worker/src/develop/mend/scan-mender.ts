import { DecodeTables } from '../../permute/jpeg/decode-tables.ts'
import { type Frame, parseFrame } from '../../permute/jpeg/frame.ts'
import { expectNoError, type JpegKernel } from '../../permute/jpeg/jpeg-kernel.ts'
import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { allocatePlanes, describePlanes } from '../../permute/jpeg/planes.ts'
import { componentMask, parseScan, type Scan } from '../../permute/jpeg/scan.ts'
import { ScanHistory } from '../../permute/jpeg/scan-history.ts'
import { copyIn, prepareScan } from '../../permute/jpeg/scan-reader.ts'
import { DamagedScan, NotWellFormed } from '../../permute/not-well-formed.ts'
import { endOfScanData } from './fill-strays.ts'
import { expectSteps } from './quantisation-steps.ts'

/** Mends the scans of a JPEG: their ranges, and the stray bytes before their markers. */
export class ScanMender {
  readonly #kernel: JpegKernel
  readonly #bytes: Buffer
  readonly #tables: DecodeTables
  #frame: Frame | undefined
  #history: ScanHistory | undefined
  #isHuffman = true
  /** Whether the kernel has followed the codes of all scans so far. */
  #canFollow = true
  /** Where the file lies in the kernel's memory. */
  #copy: number | undefined
  #interval = 0
  /** Of all scans, what the kernel counts in each. */
  #strayRuns = 0
  #longRuns = 0
  #codeRuns = 0
  #fillings = 0

  readonly #followsAll: boolean

  /**
   * `bytes` is what will be changed.
   *
   * @param followsAll whether damage is looked for, too: then `mend` throws DamagedScan
   */
  constructor(kernel: JpegKernel, bytes: Buffer, { followsAll = false } = {}) {
    this.#followsAll = followsAll
    this.#kernel = kernel
    this.#bytes = bytes
    this.#tables = new DecodeTables(kernel)
  }

  /** How many the frame has; 0 before it came. */
  get components(): number {
    return this.#frame?.components.length ?? 0
  }

  /** Takes a segment that isn't a scan's header; throws NotWellFormed where no decoder could. */
  take(marker: number, data: Buffer): void {
    if (marker === markers.huffmanTables) this.#tables.define(data)
    if (marker === markers.quantisationTables) expectSteps(data)
    if (marker === markers.restartInterval) this.#interval = data.length === 2 ? data.readUInt16BE() : 0
    if (!frames.includes(marker)) return
    if (this.#frame) throw new NotWellFormed('there are two frames')
    this.#frame = parseFrame(
      data,
      marker === markers.progressiveFrame || marker === progressiveArithmeticFrame,
    )
    this.#history = new ScanHistory(this.#frame)
    this.#isHuffman = marker < markers.huffmanTables
  }

  /** Mends a scan by its header and the place of its data; gives the place of the marker that ends them. */
  mend(header: Buffer, from: number): number {
    const frame = this.#frame
    if (!frame || !this.#history) throw new NotWellFormed('there is a scan before the frame')
    const range = header.subarray(-3)
    if (!frame.isProgressive && range.every(byte => byte === 0)) range.set(wholeRange)
    const scan = parseScan(header, frame)
    this.#history.add(scan, anyTables)
    // Decoders have tables of their own for a file without any, as Motion JPEG is. Here, a lost segment may have had them.
    if (this.#isHuffman) prepareScan(this.#kernel, this.#tables, scan)
    // No decoder looks behind the only scan.
    const isOnly = !frame.isProgressive && header[0] === frame.components.length
    const mayHaveStrays = !isOnly || this.#interval !== 0
    if (this.#isHuffman && this.#canFollow && (mayHaveStrays || this.#followsAll)) {
      try {
        return this.#follow(frame, scan, from, isOnly)
      } catch (error) {
        if (!(error instanceof NotWellFormed)) throw error
        if (this.#followsAll && error instanceof DamagedScan) throw error
        this.#canFollow = false
      }
    }
    return endOfScanData(this.#bytes, from)
  }

  /**
   * Ends the image. Damaged data may seem to end early, too, so that codes are left before a marker. That happens at one
   * place, where a camera leaves bytes at many; the bytes look like codes; and the last byte of the data isn't filled up
   * the way that all others are.
   *
   * @throws NotWellFormed where the stray bytes are like that, and where a scan is missing
   */
  end(): void {
    this.#history?.end()
    if (this.#strayRuns === 0) return
    const isLongAndLone = this.#strayRuns === 1 && this.#longRuns === 1
    const areMostlyCodes = 2 * this.#codeRuns >= this.#strayRuns
    const areFilledAlike = this.#fillings <= 2
    if (isLongAndLone || areMostlyCodes || !areFilledAlike)
      throw new NotWellFormed('there are bytes behind the end of a scan')
  }

  /** @throws NotWellFormed where data are missing, or aren't codes */
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
    // Only progressive scans build on the ones before.
    if (frame.isProgressive) allocatePlanes(this.#kernel, frame)
    else describePlanes(this.#kernel, frame)
    return start
  }
}

/** Of the file and its coefficients: half of what the kernel's addresses reach. */
const mostBytes = 2 ** 30

const progressiveArithmeticFrame = 0xca
const frames: readonly number[] = [
  markers.baselineFrame,
  markers.extendedFrame,
  markers.progressiveFrame,
  markers.arithmeticFrame,
  progressiveArithmeticFrame,
]

/** Which tables there are is for the decoder to find. */
const anyTables = new Map([0, 1, 2, 3].map(number => [number, new Uint8Array(64)]))

/** Ss, Se, and Ah with Al: all bits of all coefficients (T.81, B.2.3). */
const wholeRange = [0, 63, 0]

/** Throws NotWellFormed for more blocks in an MCU than ten (T.81, B.2.3). */
function expectFewBlocks({ components }: Frame, scan: Scan): void {
  if (scan.components.length === 1) return
  let blocks = 0
  for (const { index } of scan.components) {
    const { horizontal = 0, vertical = 0 } = components[index] ?? {}
    blocks += horizontal * vertical
  }
  if (blocks > 10) throw new NotWellFormed('a scan has too many blocks in a unit')
}
