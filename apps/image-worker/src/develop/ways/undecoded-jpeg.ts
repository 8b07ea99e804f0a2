import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import { permuteJpeg } from '../../permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { composeTurns, swapsAxes, turnedSize, turnOfOrientation } from '../../permute/turn.ts'
import { maxGrowth } from '../encode/encode-settings.ts'
import { uprightSize } from '../geometry.ts'
import { segmentsOf } from '../jpeg/segments.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import { profileFor } from '../metadata/profile-kind.ts'
import type { Plan, Rearrangement } from '../plan.ts'
import { maxHeldBytes } from './held-bytes.ts'
import type { Job, Way } from './way.ts'

/**
 * Turns and permutes a JPEG without decoding its pixels, if its coefficients fit in memory. The JPEG must be decoded if
 * it isn't well formed, if a turn moves an edge that cuts through a block to the left or the top, or if other colours
 * would make the file too large and so need a lower quality.
 */
export const undecodedJpeg: Way = {
  cost: ({ input, header, plan }) => {
    const isTaken = header.format === 'jpeg' && header.unpackedBytes <= maxHeldBytes
    const rearrangement = isTaken ? rearrangementOf(plan) : undefined
    return rearrangement && coefficientsCost(header, rearrangement, input)
  },
  develop: async job => {
    const rearrangement = rearrangementOf(job.plan)
    return rearrangement && rearrangeJpeg(job, rearrangement)
  },
}

/** A requested quality needs another encoding. */
function rearrangementOf({ rearrangement, output }: Plan): Rearrangement | undefined {
  return output.format === 'jpeg' && output.quality === undefined ? rearrangement : undefined
}

async function rearrangeJpeg(
  { input, header, plan: { output, geometry } }: Job,
  { order, turn }: Rearrangement,
): Promise<Uint8Array | undefined> {
  const jpeg = permuteIfWellFormed(input, {
    order,
    turn: composeTurns(turnOfOrientation(header.orientation), turn),
  })
  if (!jpeg || (order !== 'rgb' && jpeg.length > maxGrowth * input.length)) return undefined
  const attached = hasMetadata(input) ? await sharp(input).metadata() : {}
  const metadata = carryMetadata(input, header, attached, {
    keepsProfile: true,
    output,
    geometry,
  })
  return attachMetadata(
    jpeg,
    'jpeg',
    profileFor({ isGrey: header.channels === 1 }, metadata),
    turnedSize(uprightSize(header), turn),
  )
}

/** Whether there may be EXIF, XMP, a profile or IPTC. Asking sharp for them takes a tenth of the time of a small image. */
function hasMetadata(jpeg: Uint8Array): boolean {
  const carriers: readonly number[] = [markers.app1, markers.app2, markers.app13]
  return [...segmentsOf(jpeg)].some(({ marker }) => carriers.includes(marker))
}

function permuteIfWellFormed(input: Uint8Array, { order, turn }: Rearrangement): Uint8Array | undefined {
  try {
    return permuteJpeg(input, order, turn)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/**
 * The bytes of memory needed at most, roughly: coefficients have two bytes each, and exist twice if rows become
 * columns; the file exists as it came, as it is read, as it is written, in parts, and whole.
 */
function coefficientsCost(
  { unpackedBytes, orientation }: ImageHeader,
  { turn }: Rearrangement,
  input: Uint8Array,
): number {
  const isTransposed = swapsAxes(composeTurns(turnOfOrientation(orientation), turn))
  return (isTransposed ? 4 : 2) * unpackedBytes + 5 * input.length
}
