import type { Sharp } from 'sharp'
import type { Size } from '../../permute/rectangle.ts'
import type { Examined } from '../decode/examine.ts'
import { writePng } from '../encode/encode-png.ts'
import { settingsFor, type Written, writeAs } from '../encode/encode-settings.ts'
import { filterIfSmaller } from '../encode/filter-if-smaller.ts'
import { canBeTransparent } from '../format-abilities.ts'
import { optimiseJpeg } from '../jpeg/optimise-jpeg.ts'
import { attachMetadata } from '../metadata/attach.ts'
import type { CarriedMetadata } from '../metadata/carried-metadata.ts'
import { isProfileOfColours, profileFor } from '../metadata/profile-kind.ts'
import type { Output } from '../output.ts'
import { colourspaceOf } from '../raster/through-sharp.ts'
import type { Call } from './call.ts'

/**
 * Whether a call to sharp can write the file itself; the other formats need the raster. sharp puts white below
 * transparency before everything else, and can't convert grey back to colour, which a colour profile needs.
 */
export function canWrite(
  call: Call,
  { hasAlpha, metadata, output }: { hasAlpha: boolean; metadata: CarriedMetadata; output: Output },
): boolean {
  const { format } = output
  if (format !== 'jpeg' && format !== 'png' && format !== 'webp') return false
  if (hasAlpha && !canBeTransparent(format) && !call.movesOnly) return false
  return !(call.makesGrey && isProfileOfColours(metadata))
}

/** Ends a call to sharp, configured in `image`, with a file, written as `encode` writes a picture of one frame. */
export async function writeResult(
  image: Sharp,
  call: Call,
  { metadata, original }: Pick<Examined, 'metadata' | 'original'>,
  output: Output,
): Promise<Uint8Array> {
  const { format } = output
  const isGrey = call.makesGrey
  const pixels = call.size.width * call.size.height
  const written: Written = { bits: 8, pixels, frames: 1, hasAlpha: false, delays: [], loop: 0 }
  const settings = settingsFor(written, output, original)
  const opaque = canBeTransparent(format) ? image : image.flatten({ background: '#ffffff' })
  const coloured = opaque.toColourspace(colourspaceOf({ bits: 8, isGrey }))
  const sizeOf = (info: Size) => call.returnedSize(info)
  const write = (filtersRows: boolean) =>
    format === 'png'
      ? writePng(coloured, { ...settings, filtersRows }, { bits: 8, sizeOf })
      : writeAs(coloured, format, settings).toBuffer({ resolveWithObject: true })
  const { data, info } = await (format === 'png' ? filterIfSmaller(write, original) : write(false))
  const bytes = format === 'jpeg' && !settings.progressive ? optimiseJpeg(data) : data
  return attachMetadata(bytes, format, profileFor({ isGrey }, metadata), sizeOf(info))
}
