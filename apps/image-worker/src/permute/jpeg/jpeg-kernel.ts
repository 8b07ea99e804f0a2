import { instantiate, type Kernel, type KernelGlobal } from '../../kernels/kernel.ts'
import { DamagedScan, NotWellFormed } from '../not-well-formed.ts'

/** ../../../assembly/jpeg.ts. Allocating detaches existing views of its memory. */
export interface JpegKernel extends Kernel, Readonly<Record<ErrorName, KernelGlobal>> {
  readonly scanEnd: KernelGlobal
  readonly cutEnd: KernelGlobal
  readonly strayRuns: KernelGlobal
  readonly longRuns: KernelGlobal
  readonly codeRuns: KernelGlobal
  readonly fillings: KernelGlobal
  readonly stepsAt: KernelGlobal
  readonly unstuffedMargin: KernelGlobal
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
    hasOwnCodes: boolean,
    across: number,
    down: number,
    left: number,
    top: number,
    right: number,
    bottom: number,
    copy: number,
    target: number,
  ): number
  followScan(
    from: number,
    end: number,
    componentMask: number,
    interval: number,
    isCounting: boolean,
    target: number,
  ): number
  recodeScan(
    from: number,
    end: number,
    componentMask: number,
    interval: number,
    copy: number,
    target: number,
  ): number
  decodeReduced(
    from: number,
    end: number,
    componentMask: number,
    interval: number,
    sides: number,
    copy: number,
  ): number
  reducedToRgb(
    sides: number,
    width: number,
    height: number,
    chromaWidth: number,
    chromaHeight: number,
    target: number,
  ): void
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

type ErrorName = keyof typeof messages

const messages = {
  unknownCode: 'a scan has a code that is not in its Huffman table',
  beyondBlock: 'a block has more coefficients than 64',
  outOfRange: 'a coefficient is out of range',
  endsTooEarly: 'a scan ends too early',
  bytesLeft: 'there are bytes after the end of a scan',
  noRestart: 'a restart marker is missing',
}

/** Throws the error that the kernel's number stands for; 0 means success. */
export function expectNoError(kernel: JpegKernel, error: number): void {
  if (error === 0) return
  const name = Object.keys(messages).find(name => kernel[name as ErrorName].value === error) as ErrorName
  throw isDamage(name) ? new DamagedScan(messages[name]) : new NotWellFormed(messages[name])
}

/** Whether pixels are lost. Codes that lead beyond a block are not well formed, although decoders don't warn about them. */
function isDamage(name: ErrorName): boolean {
  return name === 'unknownCode' || name === 'beyondBlock' || name === 'endsTooEarly' || name === 'noRestart'
}

/**
 * Memory up to this size, enough for 12 megapixels, is kept for a thread's next image. Getting new memory from the
 * system, which clears it page by page, would take a quarter of the time.
 */
const maxKeptBytes = 64 * 1024 * 1024

let kept: JpegKernel | undefined

/**
 * Lends the thread's kernel, with nothing allocated, to `work`, which must be synchronous. The rest of the previous
 * image, its tables and components, is overwritten before use.
 */
export function withJpegKernel<Result>(work: (kernel: JpegKernel) => Result): Result {
  const kernel = kept ?? instantiate<JpegKernel>('jpeg')
  kept = undefined
  kernel.clear()
  // After a trap, which is a bug in the kernel, the kernel's memory may hold anything.
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
