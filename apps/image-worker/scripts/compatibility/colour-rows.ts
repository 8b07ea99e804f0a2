import { canCarryProfile } from '../../src/develop/format-abilities.ts'
import { converted, everywhere, inFormats, kept, keptWith, type Row } from './cells.ts'

/** How colour spaces are treated. */
export const colourRows = {
  profile: {
    feature: 'an ICC profile',
    of: 'all; GIF only if channels are swapped',
    swapped: kept,
    developed: kept,
    as: inFormats(format => (canCarryProfile(format) ? kept : converted('sRGB'))),
  },
  numbers: {
    feature: 'CICP colour values, such as those of Display P3',
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
    feature: 'HDR (PQ or HLG)',
    of: 'AVIF, PNG, HEIC',
    swapped: kept,
    developed: kept,
    as: { ...inFormats(() => converted('sRGB by a tone curve')), avif: kept, png: kept },
  },
  gamma: {
    feature: 'gAMA and cHRM',
    of: 'PNG',
    swapped: kept,
    developed: keptWith('or sRGB if an operation computes colours from linear samples'),
    as: { ...inFormats(() => converted('sRGB, or an equivalent ICC profile')), png: kept },
  },
  cmyk: { feature: 'CMYK', of: 'JPEG, TIFF', ...everywhere(converted('sRGB')) },
  lab: { feature: 'Lab', of: 'TIFF', ...everywhere(converted('sRGB')) },
} as const satisfies Record<string, Row>
