import { converted, kept, keptWith, type Row } from './cells.ts'

/** How features of the coding are treated. */
export const codingRows = {
  quality: {
    feature: 'the quality',
    of: 'JPEG, WebP, AVIF, JPEG in TIFF',
    swapped: kept,
    developed: kept,
  },
  sampling: {
    feature: 'chroma subsampling 4:4:4 or 4:2:0',
    of: 'JPEG, AVIF, JPEG in TIFF',
    swapped: kept,
    developed: kept,
  },
  oddSampling: {
    feature: 'other chroma subsampling (4:2:2, 4:4:0, 4:1:1)',
    of: 'JPEG',
    swapped: kept,
    developed: converted('4:2:0, unless only blocks move'),
  },
  avif422: {
    feature: 'chroma subsampling 4:2:2',
    of: 'AVIF',
    swapped: converted('4:4:4'),
    developed: converted('4:4:4'),
  },
  lossless: {
    feature: 'lossless coding',
    of: 'PNG, GIF, TIFF, WebP, AVIF',
    swapped: keptWith('to the last sample'),
    developed: kept,
  },
  progressive: {
    feature: 'progressive JPEG, interlaced PNG and GIF',
    of: 'JPEG, PNG, GIF',
    swapped: kept,
    developed: kept,
  },
  jpegInTiff: {
    feature: 'JPEG inside TIFF',
    of: 'TIFF',
    swapped: kept,
    developed: kept,
  },
} as const satisfies Record<string, Row>
