import { instantiate, type Kernel, type KernelConstant } from '../../kernels/kernel.ts'
import { NotWellFormed } from '../not-well-formed.ts'

/** ../../../assembly/jpeg.ts */
export interface JpegKernel extends Kernel {
  readonly scanEnd: KernelConstant
  readonly plainBits: KernelConstant
  readonly countsAt: KernelConstant
  readonly codesAt: KernelConstant
  readonly turnedFromAt: KernelConstant
  readonly turnedSignsAt: KernelConstant
  readonly factorsAt: KernelConstant
  readonly divisorsAt: KernelConstant
  readonly positionsAt: KernelConstant
  clear(): void
  allocate(bytes: number): number
  allocateZeros(bytes: number): number
  setComponent(
    component: number,
    plane: number,
    across: number,
    down: number,
    ownAcross: number,
    ownDown: number,
    unitAcross: number,
    unitDown: number,
  ): void
  defineDecodeTable(kind: number, number: number, counts: number, symbols: number): number
  setRange(isProgressive: boolean, first: number, last: number, high: number, low: number): void
  decodeScan(from: number, end: number, scanned: number, tables: number, interval: number): number
  turnPlane(
    source: number,
    target: number,
    across: number,
    down: number,
    isTransposed: boolean,
    mirrorsRows: boolean,
    mirrorsColumns: boolean,
  ): void
  mixWhole(): void
  mixChroma(samples: number, stride: number, width: number, height: number): void
  addToLuma(samples: number, stride: number, width: number, across: number, down: number): void
  countScan(scanned: number): void
  writeScan(scanned: number, target: number): number
}

/**
 * Memory up to this size, enough for 12 megapixels, is kept for a thread's next image: to get new memory from the
 * system, which clears it page by page, would take a fourth of the time.
 */
const maxKeptBytes = 64 * 1024 * 1024

let kept: JpegKernel | undefined

/** Lets `work`, which doesn't wait for anything, have the thread's kernel with nothing allocated. */
export function withJpegKernel<Result>(work: (kernel: JpegKernel) => Result): Result {
  const kernel = kept ?? instantiate<JpegKernel>('jpeg')
  kept = undefined
  kernel.clear()
  const result = work(kernel)
  if (kernel.memory.buffer.byteLength <= maxKeptBytes) kept = kernel
  return result
}

/** Throws what a scan's number says is wrong (../../../assembly/jpeg/errors.ts); 0 is nothing. */
export function expectNoError(error: number): void {
  if (error !== 0) throw new NotWellFormed(words[error - 1] ?? `error ${error} in a scan`)
}

const words = [
  'a scan has a code that no table has',
  'a block has more coefficients than 64',
  'a coefficient is out of range',
  'a scan ends too early',
  'there are bytes behind the end of a scan',
  'a restart marker is missing',
]
