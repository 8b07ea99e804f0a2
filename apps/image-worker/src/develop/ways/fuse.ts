import type { Operation } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Sharp } from 'sharp'
import { isNarrowGrey } from '../avif/correct-samples.ts'
import { type Examined, examine } from '../decode/examine.ts'
import { encode } from '../encode/encode.ts'
import { expectRoomFor } from '../format-abilities.ts'
import type { Call } from '../fuse/call.ts'
import { fillCall } from '../fuse/fill-call.ts'
import { sourceFor } from '../fuse/source-for.ts'
import { canWrite, writeResult } from '../fuse/write-result.ts'
import { uprightSize } from '../geometry.ts'
import { timeoutOf } from '../limits.ts'
import { canBeFollowed } from '../mend/expect-whole.ts'
import { isPermutation } from '../plan.ts'
import { orientInSharp } from '../raster/orient.ts'
import { type Raster, release } from '../raster/raster.ts'
import { colourspaceOf, toSharp } from '../raster/through-sharp.ts'
import { expectAllowed, largestPixels } from '../steps.ts'
import { heldBytes } from './held-bytes.ts'
import type { Job, Way } from './way.ts'

/**
 * Develops still images of 8 bits in as few calls to sharp as its fixed order allows: mostly one, which decodes,
 * operates and encodes. The result is the same as that of all steps in order, except that a lossy original that becomes
 * smaller may be decoded at a smaller size, as sharp does.
 */
export const fuse: Way = {
  cost: job => (isTaken(job) ? heldBytes(job) : undefined),
  async develop(job) {
    const { input, header, plan, limits } = job
    const examined = await examine({ input, header }, plan, limits)
    return isPlain(examined) ? fromFile({ ...job, examined }) : undefined
  },
}

const formats: readonly string[] = ['jpeg', 'png', 'webp', 'avif']

/**
 * A permutation has better ways, which also keep the size of the file. If only the decoder can find damage in a JPEG, it
 * must decode the JPEG at its full size: at a smaller size, libvips misses warnings about up to 64 rows.
 */
function isTaken({ input, header, plan }: Job): boolean {
  const { bitsPerSample, format, frames, orientation } = header
  if (!formats.includes(format) || frames > 1 || bitsPerSample > 8 || isPermutation(header, plan))
    return false
  if (losesEdges(header) && plan.operations.some(({ name }) => name === 'resize')) return false
  if (format === 'avif' && orientation !== 1) return false // sharp wouldn't turn it
  return format !== 'jpeg' || canBeFollowed(input)
}

/**
 * Whether a JPEG that is decoded at a smaller size might lose more than a 32nd: libvips drops the last columns and rows, up
 * to 7, that don't fill a whole sample at an eighth of the size.
 */
function losesEdges({ format, width, height }: ImageHeader): boolean {
  return format === 'jpeg' && [width, height].some(side => side % 8 > side / 32)
}

/** Whether sharp interprets the samples correctly. sharp has no raw grey with transparency. */
function isPlain({ kind, opened, treatment }: Examined): boolean {
  if (kind.bits !== 8 || !kind.hasOwnColours || treatment.kind === 'converted') return false
  const { avif, metadata } = opened
  if (avif && (avif.isPremultiplied || isNarrowGrey(avif))) return false
  return !(kind.isGrey && metadata.hasAlpha)
}

type ExaminedJob = Job & { examined: Examined }

async function fromFile(job: ExaminedJob): Promise<Uint8Array | undefined> {
  const { input, header, plan, examined } = job
  const { kind, opened, ignoresProfile, original } = examined
  const hasAlpha = opened.metadata.hasAlpha === true
  const isLossy = header.format === 'jpeg' || (header.format === 'webp' && !original.lossless && !hasAlpha)
  const { call, rest } = fillCall(
    {
      ...uprightSize(header),
      isGrey: kind.isGrey,
      hasAlpha,
      isTurnedByCall: header.orientation !== 1,
      mayShrinkOnLoad: isLossy,
    },
    plan.operations,
  )
  const options = { ...opened.options, ignoreIcc: ignoresProfile }
  const source = sourceFor(call, input, header, {
    options,
    hasProfile: opened.metadata.icc !== undefined,
  })
  if (!source) return undefined
  const image = orientInSharp(sharp(source.bytes, options), header)
  return finish(job, source.call, image, { rest, hasAlpha })
}

async function fromRaster(
  job: ExaminedJob,
  raster: Raster,
  operations: readonly Operation[],
): Promise<Uint8Array> {
  const { plan, examined, limits } = job
  const step = plan.steps[plan.steps.length - operations.length]
  if (!step) {
    const picture = { frames: [raster], delays: [], loop: 0, metadata: examined.metadata }
    const bytes = await encode(picture, plan.output, examined.original, undefined, limits)
    release(raster)
    return bytes
  }
  const { width, height, isGrey, channels } = raster
  // Its size may have depended on the content of the image.
  expectAllowed(largestPixels(raster, plan.steps.slice(-operations.length)).certain, raster, limits)
  const hasAlpha = channels === 4
  const subject = { width, height, isGrey, hasAlpha, isTurnedByCall: false, mayShrinkOnLoad: false }
  const { call, rest } = fillCall(subject, operations)
  if (rest.length === operations.length) {
    const [changed] = (await step.apply([raster])) as [Raster]
    return fromRaster(job, changed, operations.slice(1))
  }
  const bytes = await finish(job, call.checked, toSharp(raster), { rest, hasAlpha })
  release(raster)
  return bytes
}

/** Runs a call, and the operations that are left after it. */
async function finish(
  job: ExaminedJob,
  call: Call,
  image: Sharp,
  { rest, hasAlpha }: { rest: readonly Operation[]; hasAlpha: boolean },
): Promise<Uint8Array> {
  const { plan, examined, limits } = job
  const written = call.write(image.timeout(timeoutOf(limits)))
  if (rest.length === 0 && canWrite(call, { hasAlpha, metadata: examined.metadata, output: plan.output })) {
    expectRoomFor(call.size, plan.output.format)
    return writeResult(written, call, examined, plan.output)
  }
  const isGrey = call.makesGrey
  const { data, info } = await written
    .toColourspace(colourspaceOf({ bits: 8, isGrey }))
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height } = call.returnedSize(info)
  const channels = info.channels as Raster['channels']
  return fromRaster(job, { data, width, height, channels, bits: 8, isGrey }, rest)
}
