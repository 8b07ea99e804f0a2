import { converted, dropped, droppedWith, everywhere, inFormats, kept, type Row } from './cells.ts'

/** How data beside the pixels are treated. */
export const metadataRows = {
  orientation: {
    feature: 'EXIF orientation',
    of: 'all',
    ...everywhere(converted('applied once, to the pixels')),
  },
  resolution: {
    feature: 'resolution (dots per inch)',
    of: 'JPEG, PNG, TIFF',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(() => kept),
      webp: droppedWith('`metadata:keep` stores it in EXIF'),
      avif: droppedWith('`metadata:keep` stores it in EXIF'),
      gif: dropped,
    },
  },
  metadata: {
    feature: 'EXIF, XMP, IPTC, comments',
    of: 'all',
    ...everywhere(dropped),
  },
  exif: {
    feature: 'EXIF, with `metadata:keep`',
    of: 'all but GIF',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => kept), gif: dropped },
  },
  xmp: {
    feature: 'XMP, with `metadata:keep`',
    of: 'all',
    ...everywhere(kept),
  },
  iptc: {
    feature: 'IPTC, with `metadata:keep`',
    of: 'JPEG, TIFF',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => dropped), jpeg: kept, tiff: kept },
  },
  comments: {
    feature: 'comments, with `metadata:keep`',
    of: 'PNG, GIF',
    swapped: kept,
    developed: dropped,
    as: inFormats(() => dropped),
  },
  thumbnail: {
    feature: 'thumbnails and previews, also with `metadata:keep`',
    of: 'all',
    ...everywhere(dropped),
  },
  gainMap: {
    feature: 'gain maps (Ultra HDR), videos of motion photos, depth maps',
    of: 'JPEG, HEIC',
    ...everywhere(droppedWith('together with their XMP')),
  },
  bytesBehind: {
    feature: 'bytes after the end of the image',
    of: 'all',
    ...everywhere(dropped),
  },
} as const satisfies Record<string, Row>
