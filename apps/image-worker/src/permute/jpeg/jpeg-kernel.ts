import { instantiate, type Kernel, type KernelGlobal } from '../../kernels/kernel.ts'
import { DamagedScan, NotWellFormed } from '../not-well-formed.ts'

/** ../../../assembly/jpeg.ts. To allocate detaches what views of its memory there are. */
export interface JpegKernel extends Kernel, Readonly<Record<ErrorName, KernelGlobal>> {
  readonly scanEnd: KernelGlobal
  readonly cutEnd: KernelGlobal
  readonly strayRuns: KernelGlobal
  readonly longRuns: KernelGlobal
  readonly codeRuns: KernelGlobal
  readonly fillings: KernelGlobal
  readonly specificationAt: KernelGlobal
  readonly additionalBits: KernelGlobal
  readonly countsAt: KernelGlobal
  readonly codesAt: KernelGlobal
  readonly turnedBytesAt: KernelGlobal
  readonly turnedSignsAt: KernelGlobal
  readonly factorsAt: KernelGlobal
  readonly divisorsAt: KernelGlobal
  readonly positionsAt: KernelGlobal
  clear(): void
  allocate(bytes: number): number
  allocateZeros(bytes: number): number
  release(at: number): void
  setComponent(
    component: number,
    plane: number,
    across: number,
    down: number,
    ownAcross: number,
    ownDown: number,
    horizontal: number,
    vertical: number,
  ): void
  setTables(component: number, dc: number, ac: number): void
  defineDecodeTable(kind: number, number: number): number
  setRange(isProgressive: boolean, start: number, end: number, high: number, low: number): void
  decodeScan(from: number, end: number, componentMask: number, interval: number): number
  cutScan(
    from: number,
    end: number,
    componentMask: number,
    interval: number,
    across: number,
    down: number,
    left: number,
    top: number,
    right: number,
    bottom: number,
    target: number,
  ): number
  mendScan(from: number, end: number, componentMask: number, interval: number, isOnly: boolean): number
  mirrorPlane(
    plane: number,
    across: number,
    down: number,
    mirrorsRows: boolean,
    mirrorsColumns: boolean,
  ): void
  transposePlane(
    source: number,
    target: number,
    across: number,
    down: number,
    mirrorsRows: boolean,
    mirrorsColumns: boolean,
  ): void
  permuteWhole(): void
  permuteChroma(samples: number, stride: number, width: number, height: number): void
  shiftLuma(samples: number, stride: number, width: number, horizontal: number, vertical: number): void
  countScan(componentMask: number): void
  writeScan(componentMask: number, target: number): number
}

type ErrorName = keyof typeof words

const words = {
  unknownCode: 'a scan has a code that no table has',
  beyondBlock: 'a block has more coefficients than 64',
  outOfRange: 'a coefficient is out of range',
  endsTooEarly: 'a scan ends too early',
  bytesLeft: 'there are bytes behind the end of a scan',
  noRestart: 'a restart marker is missing',
}

/** Throws what a scan's number says is wrong; 0 is nothing. */
export function expectNoError(kernel: JpegKernel, error: number): void {
  if (error === 0) return
  const name = Object.keys(words).find(name => kernel[name as ErrorName].value === error) as ErrorName
  throw isDamage(name) ? new DamagedScan(words[name]) : new NotWellFormed(words[name])
}

/** Decoders ignore the other errors. */
function isDamage(name: ErrorName): boolean {
  return name === 'unknownCode' || name === 'endsTooEarly' || name === 'noRestart'
}

/**
 * Memory up to this size, enough for 12 megapixels, is kept for a thread's next image: to get new memory from the
 * system, which clears it page by page, would take a fourth of the time.
 */
const maxKeptBytes = 64 * 1024 * 1024

let kept: JpegKernel | undefined

/**
 * Lets `work`, which doesn't wait for anything, have the thread's kernel with nothing allocated. What else is left of
 * the image before, its tables and components, is set anew before it is used.
 */
export function withJpegKernel<Result>(work: (kernel: JpegKernel) => Result): Result {
  const kernel = kept ?? instantiate<JpegKernel>('jpeg')
  kept = undefined
  kernel.clear()
  // A trap, which is a fault of the kernel's, may leave anything.
  let isUsable = false
  try {
    const result = work(kernel)
    isUsable = true
    return result
  } catch (error) {
    isUsable = error instanceof NotWellFormed
    throw error
  } finally {
    if (isUsable && kernel.memory.buffer.byteLength <= maxKeptBytes) kept = kernel
  }
}
