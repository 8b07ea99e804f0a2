import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { type JpegQuantisation, jpegQuantisation } from '../jpeg/jpeg-quality.ts'
import { jpegsOf, takeStreamApart } from './jpeg-stream.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage } from './tiff-page.ts'

interface JpegSettings {
  readonly quantisation: JpegQuantisation | undefined
  readonly chromaSubsampling: '4:4:4' | '4:2:0'
  /** Whether the components are red, green and blue. */
  readonly isRgb: boolean
}

/** How the JPEGs inside a page were written; undefined for other pages. libvips doesn't support old-style JPEG. */
export function jpegSettings(tiff: Uint8Array, page: TiffPage): JpegSettings | undefined {
  if (page.compression !== compressions.jpeg) return undefined
  const [jpeg] = jpegsOf(tiff, page)
  return {
    quantisation: jpeg && jpegQuantisation(jpeg),
    chromaSubsampling: isSubsampled(jpeg, page) ? '4:2:0' : '4:4:4',
    isRgb: page.photometric === photometrics.rgb && page.samplesPerPixel === 3,
  }
}

/** The JPEG's own header takes precedence over the page's tag, which is often missing. */
function isSubsampled(jpeg: Uint8Array | undefined, page: TiffPage): boolean {
  try {
    if (jpeg) {
      const { horizontal, vertical } = takeStreamApart(jpeg)
      return horizontal * vertical > 1
    }
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
  }
  const [across = 2, down = 2] = numbersOfTag(page, pageTags.chromaSubsampling)
  return page.photometric === photometrics.yCbCr && across * down > 1
}
