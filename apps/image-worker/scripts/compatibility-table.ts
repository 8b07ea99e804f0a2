import {
  canBeTransparent,
  canCarryProfile,
  canHave16Bits,
  keepsFrames,
} from '../src/develop/format-abilities.ts'
import {
  but,
  converted,
  dropped,
  everywhere,
  gone,
  inFormats,
  kept,
  type Row,
  refused,
} from './compatibility-cells.ts'

/**
 * How features of images are treated, one by one. Source of docs/compatibility.md; test/develop/compatibility develops
 * a file for each row.
 */
export const compatibilityTable = {
  transparency: {
    section: 'Pixels',
    feature: 'transparency',
    of: 'PNG, WebP, AVIF, TIFF',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (canBeTransparent(format) ? kept : converted('put on white'))),
      gif: converted('on or off'),
    },
  },
  premultiplied: {
    section: 'Pixels',
    feature: 'colours multiplied by transparency',
    of: 'AVIF',
    ...everywhere(converted('straight colours')),
  },
  deep: {
    section: 'Pixels',
    feature: '16 bits a sample',
    of: 'PNG, TIFF',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (canHave16Bits(format) ? kept : converted('8 bits'))),
      avif: converted('10 bits'),
    },
  },
  deepAvif: {
    section: 'Pixels',
    feature: '10 or 12 bits a sample',
    of: 'AVIF, HEIC',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (canHave16Bits(format) ? converted('16 bits') : converted('8 bits'))),
      avif: kept,
    },
  },
  bilevel: {
    section: 'Pixels',
    feature: 'fewer than 8 bits a sample (fax, line art)',
    of: 'TIFF',
    ...everywhere(converted('8 bits, the same values')),
  },
  grey: {
    section: 'Pixels',
    feature: 'grey without colour',
    of: 'JPEG, PNG, TIFF',
    swapped: kept,
    developed: kept,
    as: inFormats(format =>
      format === 'webp' || format === 'avif' || format === 'gif'
        ? converted('colours that are the same greys')
        : kept,
    ),
  },
  palette: {
    section: 'Pixels',
    feature: 'a palette',
    of: 'PNG, GIF',
    swapped: kept,
    developed: converted(
      'PNG: kept if the image is only turned, otherwise full colour, the same samples. GIF: new palettes, exact up to 256 colours a frame',
    ),
    as: { gif: kept },
  },
  infrared: {
    section: 'Pixels',
    feature: 'an extra sample that is not transparency',
    of: 'TIFF',
    ...everywhere(dropped),
  },
  wideSamples: {
    section: 'Pixels',
    feature: '24 or 32 bits a sample, floats from 0 to 1',
    of: 'TIFF',
    swapped: converted('16 bits'),
    developed: converted('16 bits'),
    as: {
      ...inFormats(format => (canHave16Bits(format) ? converted('16 bits') : converted('8 bits'))),
      avif: converted('10 bits'),
    },
  },
  oddSamples: {
    section: 'Pixels',
    feature: 'signed samples, other floats, 64 bits a sample',
    of: 'TIFF',
    ...everywhere(refused('their black and white are unknown')),
  },
  animation: {
    section: 'Frames and pages',
    feature: 'an animation, with its delays and repetitions',
    of: 'GIF, WebP',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (keepsFrames('gif', format) ? kept : gone('only the first frame stays'))),
      tiff: converted('frames become pages'),
    },
  },
  animatedPng: {
    section: 'Frames and pages',
    feature: 'an animated PNG',
    of: 'PNG',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (keepsFrames('png', format) ? kept : gone('only the first frame stays'))),
      tiff: but('as pages'),
    },
  },
  pages: {
    section: 'Frames and pages',
    feature: 'several pages',
    of: 'TIFF',
    swapped: kept,
    developed: but('each with its own size, depth and colours'),
    as: {
      ...inFormats(format =>
        keepsFrames('tiff', format)
          ? but('as frames, if all pages are alike')
          : gone('only the first page stays'),
      ),
      tiff: kept,
    },
  },
  reducedPages: {
    section: 'Frames and pages',
    feature: 'reduced pages (thumbnails, pyramids), pages that are masks',
    of: 'TIFF',
    ...everywhere(dropped),
  },
  profile: {
    section: 'Colour',
    feature: 'an ICC profile',
    of: 'all; GIF only if channels are swapped',
    swapped: kept,
    developed: kept,
    as: inFormats(format => (canCarryProfile(format) ? kept : converted('sRGB'))),
  },
  numbers: {
    section: 'Colour',
    feature: 'colours by number (CICP), such as Display P3',
    of: 'AVIF, PNG, HEIC',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format =>
        canCarryProfile(format) ? converted('an equivalent ICC profile') : converted('sRGB'),
      ),
      avif: kept,
      png: kept,
    },
  },
  hdr: {
    section: 'Colour',
    feature: 'HDR (PQ or HLG)',
    of: 'AVIF, PNG, HEIC',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => converted('sRGB by a tone curve')), avif: kept, png: kept },
  },
  gamma: {
    section: 'Colour',
    feature: 'gAMA and cHRM',
    of: 'PNG',
    swapped: kept,
    developed: but('or sRGB if an operation computes colours from linear samples'),
    as: { ...inFormats(() => converted('sRGB, or an equivalent ICC profile')), png: kept },
  },
  cmyk: { section: 'Colour', feature: 'CMYK', of: 'JPEG, TIFF', ...everywhere(converted('sRGB')) },
  lab: { section: 'Colour', feature: 'Lab', of: 'TIFF', ...everywhere(converted('sRGB')) },
  quality: {
    section: 'Coding',
    feature: 'the quality',
    of: 'JPEG, WebP, AVIF, JPEG in TIFF',
    swapped: kept,
    developed: kept,
  },
  sampling: {
    section: 'Coding',
    feature: 'colours of full or quarter resolution (4:4:4, 4:2:0)',
    of: 'JPEG, AVIF, JPEG in TIFF',
    swapped: kept,
    developed: kept,
  },
  oddSampling: {
    section: 'Coding',
    feature: 'other sampling of colours (4:2:2, 4:4:0, 4:1:1)',
    of: 'JPEG',
    swapped: kept,
    developed: converted('4:2:0, unless only blocks move'),
  },
  avif422: {
    section: 'Coding',
    feature: 'colours of half resolution (4:2:2)',
    of: 'AVIF',
    swapped: converted('4:4:4'),
    developed: converted('4:4:4'),
  },
  lossless: {
    section: 'Coding',
    feature: 'lossless coding',
    of: 'PNG, GIF, TIFF, WebP, AVIF',
    swapped: but('to the last sample'),
    developed: kept,
  },
  progressive: {
    section: 'Coding',
    feature: 'progressive JPEG, interlaced PNG and GIF',
    of: 'JPEG, PNG, GIF',
    swapped: kept,
    developed: kept,
  },
  jpegInTiff: {
    section: 'Coding',
    feature: 'JPEG inside TIFF',
    of: 'TIFF',
    swapped: kept,
    developed: kept,
  },
  orientation: {
    section: 'Beside the pixels',
    feature: 'EXIF orientation',
    of: 'all',
    ...everywhere(converted('applied once: the pixels are turned')),
  },
  resolution: {
    section: 'Beside the pixels',
    feature: 'resolution (dots per inch)',
    of: 'JPEG, PNG, TIFF',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(() => kept),
      webp: gone('`metadata:keep` stores it in EXIF'),
      avif: gone('`metadata:keep` stores it in EXIF'),
      gif: dropped,
    },
  },
  metadata: {
    section: 'Beside the pixels',
    feature: 'EXIF, XMP, IPTC, comments',
    of: 'all',
    ...everywhere(dropped),
  },
  exif: {
    section: 'Beside the pixels',
    feature: 'EXIF, with `metadata:keep`',
    of: 'all but GIF',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => kept), gif: dropped },
  },
  xmp: {
    section: 'Beside the pixels',
    feature: 'XMP, with `metadata:keep`',
    of: 'all',
    ...everywhere(kept),
  },
  iptc: {
    section: 'Beside the pixels',
    feature: 'IPTC, with `metadata:keep`',
    of: 'JPEG, TIFF',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => dropped), jpeg: kept, tiff: kept },
  },
  comments: {
    section: 'Beside the pixels',
    feature: 'comments, with `metadata:keep`',
    of: 'PNG, GIF',
    swapped: kept,
    developed: dropped,
    as: inFormats(() => dropped),
  },
  thumbnail: {
    section: 'Beside the pixels',
    feature: 'thumbnails and previews, also with `metadata:keep`',
    of: 'all',
    ...everywhere(dropped),
  },
  gainMap: {
    section: 'Beside the pixels',
    feature: 'gain maps (Ultra HDR), videos of motion photos, depth maps',
    of: 'JPEG, HEIC',
    ...everywhere(gone('together with their XMP')),
  },
  bytesBehind: {
    section: 'Beside the pixels',
    feature: 'bytes after the end of the image',
    of: 'all',
    ...everywhere(dropped),
  },
} as const satisfies Record<string, Row>

export type RowName = keyof typeof compatibilityTable
