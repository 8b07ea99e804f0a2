import { canBeTransparent, canHave16Bits } from '../../src/develop/format-abilities.ts'
import { converted, dropped, everywhere, inFormats, kept, type Row, refused } from './cells.ts'

/** How features of the pixels are treated. */
export const pixelRows = {
  transparency: {
    feature: 'transparency',
    of: 'PNG, WebP, AVIF, TIFF',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (canBeTransparent(format) ? kept : converted('placed on white'))),
      gif: converted('on or off'),
    },
  },
  premultiplied: {
    feature: 'premultiplied alpha',
    of: 'AVIF',
    ...everywhere(converted('straight alpha')),
  },
  deep: {
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
    feature: 'fewer than 8 bits a sample (fax, line art)',
    of: 'TIFF',
    ...everywhere(converted('8 bits, the same values')),
  },
  grey: {
    feature: 'greyscale',
    of: 'JPEG, PNG, TIFF',
    swapped: kept,
    developed: kept,
    as: inFormats(format =>
      format === 'webp' || format === 'avif' || format === 'gif'
        ? converted('colour samples with the same greys')
        : kept,
    ),
  },
  palette: {
    feature: 'a palette',
    of: 'PNG, GIF',
    swapped: kept,
    developed: converted(
      'PNG: kept if the image is only turned, otherwise full colour, the same samples. GIF: new palettes, exact up to 256 colours a frame',
    ),
    as: { gif: kept },
  },
  infrared: {
    feature: 'an extra sample that is not transparency',
    of: 'TIFF',
    ...everywhere(dropped),
  },
  wideSamples: {
    feature: '24 or 32 bits a sample, floats of 16, 32 or 64 bits from 0 to 1',
    of: 'TIFF',
    swapped: converted('16 bits'),
    developed: converted('16 bits'),
    as: {
      ...inFormats(format => (canHave16Bits(format) ? converted('16 bits') : converted('8 bits'))),
      avif: converted('10 bits'),
    },
  },
  oddSamples: {
    feature: 'signed samples, other floats, whole numbers of 64 bits',
    of: 'TIFF',
    ...everywhere(refused('their black and white are unknown')),
  },
} as const satisfies Record<string, Row>
