/**
 * How JPEGs that break the specification are treated, one by one. Source of docs/compatibility.md;
 * test/develop/jpeg-oddities.test.ts develops a file for each.
 */
export interface JpegOddity {
  readonly words: string
  readonly isDeveloped: boolean
}

const developed = (words: string): JpegOddity => ({ words, isDeveloped: true })
const refused = (words: string): JpegOddity => ({ words, isDeveloped: false })

export const jpegOddityTable = {
  zeroRange: developed('a range of zeros in the header of a scan (Samsung), if the JPEG is not progressive'),
  straysBetween: developed('stray bytes between segments'),
  markerless: developed('a segment whose marker begins with 00 instead of FF (Pixel)'),
  straysAtRestarts: developed('stray bytes before restart markers, or zeros behind a scan'),
  jfifVersion: developed('a version of JFIF other than 1, such as 2.01'),
  transform3: developed("3 as Adobe's transform of colours, which Adobe doesn't define"),
  noHuffmanTables: developed('no Huffman tables, as in Motion JPEG: those of the standard are taken'),
  behindTheEnd: developed('bytes behind the end of the image'),
  arithmetic: developed('arithmetic coding, in which no decoder can tell missing data from others'),
  noEnd: refused('an end that is missing, be it the last marker alone'),
  damagedCodes: refused('coded data that can not be decoded, or that do not fill the image'),
  lostRestart: refused('a restart marker that is missing, or has another number than its place'),
  damagedMarker: refused('a segment or a scan whose marker is damaged'),
  noQuantisation: refused('a quantisation table that is missing, or has a zero in it'),
  otherRange: refused('a range of a scan that is neither possible nor zeros'),
  otherTransform: refused('an Adobe transform of colours other than 0, 1 and 3, and no JFIF header'),
  beforeTheStart: refused(
    'bytes before the start: the file is not known as a JPEG, and the upload is answered 415',
  ),
  twelveBits: refused('12 bits a sample, and lossless JPEG'),
} as const satisfies Record<string, JpegOddity>

export type JpegOddityName = keyof typeof jpegOddityTable
