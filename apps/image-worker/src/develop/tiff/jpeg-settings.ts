import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { type JpegQuantisation, jpegQuantisation } from '../jpeg-quality.ts'
import { takeStreamApart } from './jpeg-stream.ts'
import { jpegsOf } from './permute-jpeg-page.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage } from './tiff-page.ts'

export interface JpegSettings {
  readonly quantisation: JpegQuantisation | undefined
  readonly chromaSubsampling: '4:4:4' | '4:2:0'
  /** Whether the components are red, green and blue. */
  readonly isRgb: boolean
}

/** How the JPEGs inside a page were written; undefined for a page that isn't JPEG. */
export function jpegSettings(tiff: Uint8Array, page: TiffPage): JpegSettings | undefined {
  const isOld = page.compression === compressions.oldJpeg
  if (!isOld && page.compression !== compressions.jpeg) return undefined
  const jpeg = isOld ? oldJpeg(tiff, page) : jpegsOf(tiff, page)[0]
  return {
    quantisation: jpeg && jpegQuantisation(jpeg),
    chromaSubsampling: isSubsampled(jpeg, page) ? '4:2:0' : '4:4:4',
    isRgb: page.photometric === photometrics.rgb && page.samplesPerPixel === 3,
  }
}

/** TIFF 6.0, section 22: a whole JPEG somewhere in the file, or tables of 64 bytes. */
function oldJpeg(tiff: Uint8Array, page: TiffPage): Uint8Array | undefined {
  const [streamAt] = numbersOfTag(page, pageTags.oldJpegStream)
  if (streamAt !== undefined) return tiff.subarray(streamAt)
  const [tableAt] = numbersOfTag(page, pageTags.oldJpegQuantisation)
  if (tableAt === undefined) return undefined
  return Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xdb, 0, 67, 0), tiff.subarray(tableAt, tableAt + 64)])
}

/** The JPEG's own word counts more than the page's, whose tag is often left out. */
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
