import type { Operation } from '@darkroom/contracts'
import { bytesSource, exceededLimit, type ImageHeader, readImageHeader } from '@darkroom/image-header'
import { chooseFormat } from './choose-format.ts'
import { forDecoders } from './decode/for-decoders.ts'
import type { Developed } from './developed.ts'
import { canDecodeHeic, heicPackage } from './heic/libheif.ts'
import type { DevelopLimits } from './limits.ts'
import { mend } from './mend/mend.ts'
import { isOutOfMemory } from './out-of-memory.ts'
import { planOf } from './plan.ts'
import { pngFault } from './png/png-fault.ts'
import { readHeader } from './read-header.ts'
import type { SharedOriginal } from './shared-original.ts'
import { UnusableImage, undecodableImage } from './unusable-image.ts'
import { fuse } from './ways/fuse.ts'
import { stepByStep } from './ways/step-by-step.ts'
import { streamed } from './ways/stream-permuted.ts'
import { undecodedJpeg } from './ways/undecoded-jpeg.ts'
import { undecodedPngOrGif } from './ways/undecoded-png-or-gif.ts'
import type { Job, Way } from './ways/way.ts'

/** The ways to develop an image, tried in this order until one gives a result. The last always does. */
const ways: readonly Way[] = [undecodedPngOrGif, undecodedJpeg, fuse, streamed, stepByStep]

/**
 * Develops one image: applies the operations in order, each to the result of the previous operation. Unless an operation
 * changes the format, the result has the original's format, and is lossless if the original was.
 *
 * For several outputs of one original, all calls get the same `shared`: the header is read once, and the size of all
 * outputs together is limited.
 *
 * A way awaits `reserve` before it takes memory. The number of bytes includes the memory reserved for earlier ways.
 *
 * @throws UnusableImage when the image is damaged or not supported, or exceeds a limit
 */
export async function develop(
  input: Uint8Array,
  operations: readonly Operation[],
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void> = async () => undefined,
  shared?: SharedOriginal,
): Promise<Developed> {
  const declared = shared?.header ?? (await readHeader(input))
  const excess = exceededLimit(declared, limits)
  if (excess !== undefined) throw new UnusableImage('too-many-pixels', excess)
  // This isn't the image's fault: another worker may be able to decode it.
  if (declared.format === 'heic' && !canDecodeHeic())
    throw new Error(`this worker cannot decode HEIC: install the package ${heicPackage}`)
  const reserveAll = shared ? (bytes: number) => reserve(bytes + shared.heldBytes) : reserve
  const plan = planOf(operations, declared.format)
  try {
    const { source, header } = shared?.source
      ? { source: shared.source, header: declared }
      : await forDecoders(input, declared, limits, reserveAll)
    if (shared) {
      shared.header = header
      shared.source = source
    }
    const job: Job = { input: source, header, plan, limits, shared }
    if (plan.output.isChosen) {
      const { format, lossless } = await chooseFormat({ input: source, header }, plan, limits, reserveAll)
      plan.output = { ...plan.output, format, lossless }
    }
    const bytes = await firstOrMendedResult(job, reserveAll)
    // Read from the result, because encoders merge frames that show the same.
    const developed = { bytes, facts: factsOf(await readImageHeader(bytesSource(bytes))) }
    return shared ? shared.hold(developed, limits) : developed
  } catch (error) {
    throw error instanceof UnusableImage || isOutOfMemory(error)
      ? error
      : undecodableImage(error, declared.format, faultOf(input, declared))
  }
}

/** The fault of a PNG in words, which its decoder doesn't give. */
function faultOf(input: Uint8Array, { format }: ImageHeader): string | undefined {
  return format === 'png' ? pngFault(input) : undefined
}

/** Decoders warn about damage and about harmless oddities. So a file that fails is retried without the oddities. */
async function firstOrMendedResult(job: Job, reserve: (bytes: number) => Promise<void>): Promise<Uint8Array> {
  try {
    return await firstResult(job, reserve)
  } catch (error) {
    const mended = mend(job.input, job.header)
    if (!mended) throw error
    return firstResult({ ...job, input: mended, header: await readHeader(mended) }, reserve)
  }
}

async function firstResult(job: Job, reserve: (bytes: number) => Promise<void>): Promise<Uint8Array> {
  let reserved = 0
  for (const way of ways) {
    const cost = way.cost(job)
    if (cost === undefined) continue
    if (cost > reserved) {
      await reserve(cost)
      reserved = cost
    }
    const bytes = await way.develop(job)
    if (bytes) return bytes
  }
  throw new Error(`no way of developing gave a result for the ${job.header.format}`)
}

function factsOf({ contentType, width, height, frames }: ImageHeader): Developed['facts'] {
  return { contentType, width, height, frames }
}
