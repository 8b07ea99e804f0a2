import type { Metadata } from 'sharp'
import type { CarriedMetadata, Output, Raster } from '../raster.ts'
import { resetOrientation, resetXmpOrientation } from './exif.ts'
import { xmpOfGif } from './gif-extensions.ts'
import { iptcDatasets } from './iptc.ts'
import { exifOfTiff } from './tiff-tags.ts'

/** What the output has a place for and is to keep; the profile where the colours stay its own. */
export function carriedMetadata(
  input: Uint8Array,
  { format, icc, exif, iptc, xmp }: Metadata,
  keepsProfile: boolean,
  output: Output,
): CarriedMetadata {
  const profile = icc && keepsProfile ? { icc } : {}
  if (output.metadata === 'strip') return profile
  // sharp doesn't read these.
  const ownExif = format === 'tiff' ? exifOfTiff(input) : exif
  const ownXmp = format === 'gif' ? xmpOfGif(input) : xmp
  const datasets = iptc && iptcDatasets(iptc)
  return {
    ...profile,
    ...(ownExif && { exif: resetOrientation(ownExif) }),
    ...(ownXmp && { xmp: resetXmpOrientation(ownXmp) }),
    ...(datasets && { iptc: datasets }),
  }
}

/** A profile is for colour or for grey, and misleads about the other (ICC.1:2022, 7.2.8). */
export function profileFor(
  stack: Pick<Raster, 'isGrey'>,
  { icc, ...metadata }: CarriedMetadata,
): CarriedMetadata {
  if (!icc) return metadata
  const space = Buffer.from(icc.subarray(16, 20)).toString('latin1')
  const fits = space === 'RGB ' || (space === 'GRAY' && stack.isGrey)
  return fits ? { ...metadata, icc } : metadata
}
