import type { ImageHeader } from '@darkroom/image-header'
import type { Metadata } from 'sharp'
import type { Geometry } from '../geometry.ts'
import type { Output } from '../output.ts'
import { type TiffPage, tiffPages } from '../tiff/tiff-page.ts'
import { resolutionOfJfif, xmpOfJpeg } from './attach-to-jpeg.ts'
import type { CarriedMetadata } from './carried-metadata.ts'
import {
  type Exif,
  exifWithAxesSwapped,
  readExif,
  readExifOfTiff,
  resolutionOfExif,
  withoutPlaces,
  withResolution,
} from './exif.ts'
import { xmpOfGif } from './gif-extensions.ts'
import { iptcDatasets } from './iptc.ts'
import { readPngMetadata } from './png-metadata.ts'
import { type Resolution, resolutionWithAxesSwapped } from './resolution.ts'
import { readXmp } from './xmp.ts'

/** The metadata of an original, unchanged. */
type Attached = Pick<Metadata, 'icc' | 'exif' | 'xmp' | 'iptc'>

interface Carrying {
  /** Whether the profile still describes the colours. */
  keepsProfile: boolean
  output: Output
  /** How the pixels move after the original is turned upright. */
  geometry: Geometry
  /** The page, if the original is a TIFF. */
  page?: TiffPage | undefined
}

/** The descriptive metadata that the output supports and is requested to keep. The resolution is always kept. */
export function carryMetadata(
  input: Uint8Array,
  { format, orientation }: Pick<ImageHeader, 'format' | 'orientation'>,
  attached: Attached,
  { keepsProfile, output, geometry, page }: Carrying,
): CarriedMetadata {
  const isTurned = orientation !== 1
  const isTransposed = orientation >= 5
  const swapsAxes = isTransposed !== geometry.swapsAxes
  const movesPixels = isTurned || geometry.movesPixels
  const changesView = isTurned || geometry.changesView
  const { icc, exif, xmp, iptc, resolution } = ownMetadata(input, format, attached, page)
  const turned = exif && swapsAxes ? exifWithAxesSwapped(exif) : exif
  const upright = resolution && swapsAxes ? resolutionWithAxesSwapped(resolution) : resolution
  const always = { ...(icc && keepsProfile && { icc }), ...(upright && { resolution: upright }) }
  if (output.metadata === 'strip') return always
  const placed = turned && movesPixels ? withoutPlaces(turned) : turned
  const complete = upright && storesResolutionInExif(output) ? withResolution(placed, upright) : placed
  const keptXmp = xmp && readXmp(xmp, { movesPixels, changesView })
  const datasets = iptc && iptcDatasets(iptc)
  return {
    ...always,
    ...(complete && { exif: complete }),
    ...(keptXmp && { xmp: keptXmp }),
    ...(datasets && { iptc: datasets }),
  }
}

function storesResolutionInExif({ format }: Output): boolean {
  return format === 'webp' || format === 'avif'
}

interface OwnMetadata {
  icc?: Uint8Array | undefined
  exif?: Exif | undefined
  xmp?: Uint8Array | undefined
  /** The content of a JPEG's APP13 segment, or IIM datasets. */
  iptc?: Uint8Array | undefined
  resolution?: Resolution | undefined
}

/** The metadata of an original, some of which sharp doesn't read. */
function ownMetadata(
  input: Uint8Array,
  format: ImageHeader['format'],
  { icc, exif: block, xmp, iptc }: Attached,
  page: TiffPage | undefined,
): OwnMetadata {
  switch (format) {
    case 'tiff': {
      const { directory } = page ?? tiffPages(input)[0] ?? {}
      const resolution = directory && resolutionOfExif({ main: directory.entries })
      return { icc, exif: readExifOfTiff(input, directory), xmp, iptc, resolution }
    }
    case 'gif':
      return { xmp: xmpOfGif(input) }
    case 'png': {
      const png = readPngMetadata(input)
      const exif = png.exif && readExif(png.exif)
      return { icc, ...png, exif, resolution: png.resolution ?? (exif && resolutionOfExif(exif)) }
    }
    default: {
      const exif = block && readExif(block)
      const isJpeg = format === 'jpeg'
      const jfif = isJpeg ? resolutionOfJfif(input) : undefined
      // libvips takes the first segment whose name is any URL, such as that of extended XMP.
      const ownXmp = isJpeg && xmp ? xmpOfJpeg(input) : xmp
      return { icc, exif, xmp: ownXmp, iptc, resolution: jfif ?? (exif && resolutionOfExif(exif)) }
    }
  }
}
