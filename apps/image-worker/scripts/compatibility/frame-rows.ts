import { keepsFrames } from '../../src/develop/format-abilities.ts'
import { converted, dropped, droppedWith, everywhere, inFormats, kept, keptWith, type Row } from './cells.ts'

/** How animations and documents are treated. */
export const frameRows = {
  animation: {
    feature: 'an animation, with its delays and repetitions',
    of: 'GIF, WebP',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (keepsFrames('gif', format) ? kept : droppedWith('only the first frame stays'))),
      tiff: converted('frames become pages'),
    },
  },
  animatedPng: {
    feature: 'an animated PNG',
    of: 'PNG',
    swapped: kept,
    developed: kept,
    as: {
      ...inFormats(format => (keepsFrames('png', format) ? kept : droppedWith('only the first frame stays'))),
      tiff: keptWith('as pages'),
    },
  },
  pages: {
    feature: 'several pages',
    of: 'TIFF',
    swapped: kept,
    developed: keptWith('each with its own size, depth and colours'),
    as: {
      ...inFormats(format =>
        keepsFrames('tiff', format)
          ? keptWith('as frames, if all pages are alike')
          : droppedWith('only the first page stays'),
      ),
      tiff: kept,
    },
  },
  reducedPages: {
    feature: 'reduced pages (thumbnails, pyramids), pages that are masks',
    of: 'TIFF',
    ...everywhere(dropped),
  },
} as const satisfies Record<string, Row>
