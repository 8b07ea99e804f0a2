import type { ChannelOrder } from '@darkroom/contracts'
import { permuteGif } from '../../permute/gif/permute-gif.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { permutePng } from '../../permute/png/permute-png.ts'
import { isPalettePng, turnPaletteImage } from '../../permute/png/turn-palette-image.ts'
import { composeTurns, isTurned, type Turn, turnedSize, turnOfOrientation } from '../../permute/turn.ts'
import { uprightSize } from '../geometry.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import type { Job, Way } from './way.ts'

/**
 * Permutes a PNG or GIF without decoding its pixels, in about as much memory as the file takes. Palette PNGs are also
 * turned: decoded, they would lose their palette.
 */
export const undecodedPngOrGif: Way = {
  cost: job => {
    const turn = turnOf(job)
    if (!turn || !canTurn(job, turn)) return undefined
    // Indexes before and after, as samples and as rows.
    return isTurned(turn) ? 4 * job.header.width * job.header.height : 0
  },
  develop: async job => {
    const turn = turnOf(job)
    if (!turn || !canTurn(job, turn)) return undefined
    return rearrangeFile(job, job.plan.rearrangement?.order ?? 'rgb', turn)
  },
}

/** How the stored pixels are turned; undefined if the job does anything but rearrange pixels and channels. */
function turnOf({ header, plan }: Job): Turn | undefined {
  const { rearrangement, output } = plan
  if (!rearrangement || output.format !== header.format) return undefined
  return composeTurns(turnOfOrientation(header.orientation), rearrangement.turn)
}

function canTurn({ input, header: { format, frames } }: Job, turn: Turn): boolean {
  if (!isTurned(turn)) return format === 'png' || format === 'gif'
  return format === 'png' && frames === 1 && isPalettePng(input)
}

/**
 * Turns and permutes a file without decoding its pixels; undefined if it must be decoded, because it isn't well formed.
 * Ancillary chunks of a PNG that break a rule are dropped from the result, because decoders ignore them, too: if the PNG
 * were decoded instead, it would lose its palette, and the parts of its frames.
 */
async function rearrangeFile(
  { input, header, plan }: Job,
  order: ChannelOrder,
  turn: Turn,
): Promise<Uint8Array | undefined> {
  const { output, geometry } = plan
  // Texts may describe positions in the picture.
  const options = { keepMetadata: output.metadata === 'keep' && !isTurned(turn) }
  const withMetadata = (permuted: Uint8Array) => {
    const carried = carryMetadata(input, header, {}, { keepsProfile: true, output, geometry })
    const size = turnedSize(uprightSize(header), plan.rearrangement?.turn ?? turn)
    return attachMetadata(permuted, output.format, carried, size)
  }
  const isAnimation = header.frames > 1
  try {
    if (header.format === 'gif') return withMetadata(permuteGif(input, order, options))
    const file = isTurned(turn) ? turnPaletteImage(input, turn) : input
    if (!file) return undefined
    // A decoder may still use a profile that breaks a rule, but it can't decode an animation.
    const forgives = (type: string) => isAnimation || type !== 'iCCP'
    const permuted = permutePng([file], order, { ...options, forgives })
    return withMetadata(await gather(permuted))
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/**
 * The most pieces that are held one by one. Node cuts small pieces from blocks of 64 KiB, of which other, passing buffers
 * take most: a held piece of 60 bytes costs 10 KiB.
 */
const mostPieces = 1000

async function gather(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const joined: Uint8Array[] = []
  const last: Uint8Array[] = []
  for await (const piece of pieces)
    if (last.push(piece) === mostPieces) joined.push(Buffer.concat(last.splice(0)))
  return Buffer.concat([...joined, ...last])
}
