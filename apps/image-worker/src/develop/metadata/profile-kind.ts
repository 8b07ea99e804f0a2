import type { Raster } from '../raster/raster.ts'
import type { CarriedMetadata } from './carried-metadata.ts'

/** The metadata without a profile that describes other colours than those of the result. */
export function profileFor(
  stack: Pick<Raster, 'isGrey'>,
  { icc, ...metadata }: CarriedMetadata,
): CarriedMetadata {
  if (!icc) return metadata
  const space = spaceOf(icc)
  const fits = space === 'RGB ' || (space === 'GRAY' && stack.isGrey)
  return fits ? { ...metadata, icc } : metadata
}

/** Whether there is a profile of red, green and blue. */
export function isProfileOfColours({ icc }: { icc?: Uint8Array | undefined }): boolean {
  return icc !== undefined && spaceOf(icc) === 'RGB '
}

/** Whether there is a profile of grey. It is then wrong for colours (ICC.1:2022, 7.2.8), even for equal colours. */
export function isProfileOfGrey({ icc }: { icc?: Uint8Array | undefined }): boolean {
  return icc !== undefined && spaceOf(icc) === 'GRAY'
}

/** The kind of colours that a profile describes, four letters (ICC.1:2022, 7.2.8). */
function spaceOf(icc: Uint8Array): string {
  return Buffer.from(icc.subarray(16, 20)).toString('latin1')
}
