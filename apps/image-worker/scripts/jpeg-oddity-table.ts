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
  zeroRange: developed('a scan header whose range is all zeros (Samsung), if the JPEG is not progressive'),
  straysBetween: developed('stray bytes between segments, or after the start marker'),
  markerless: developed('a segment whose marker begins with 00 instead of FF (Pixel)'),
  shortLength: developed('an application segment or comment whose length is 0 or 1'),
  straysAtRestarts: developed('stray bytes before restart markers, or zeros after a scan'),
  jfifVersion: developed('a version of JFIF other than 1, such as 2.01'),
  transform3: developed("3 as Adobe's colour transform, which Adobe doesn't define"),
  transform2: developed(
    "2 as Adobe's colour transform, with three components of which two have fewer samples",
  ),
  heightAfterScan: developed('its height after the first scan (DNL)'),
  noHuffmanTables: developed('no Huffman tables, as in Motion JPEG: the standard tables are used'),
  noEndMarker: developed('no end marker, although all coded data are there'),
  trailerWithoutEnd: developed('no end marker, but other data after a single scan (panoramas of Samsung)'),
  afterTheEnd: developed('bytes after the end of the image'),
  arithmetic: developed("arithmetic coding, in which decoders can't detect missing data"),
  lossless: developed(
    "lossless coding of 8 bits, in which decoders can't detect missing data; the result is lossy",
  ),
  noEnd: refused('a missing end, if coded data are missing'),
  uncheckedEnd: refused('a missing end marker in arithmetic or lossless coding, or without Huffman tables'),
  damagedCodes: refused("coded data that can't be decoded or don't fill the image"),
  lostRestart: refused('a restart marker that is missing or has the wrong number'),
  damagedMarker: refused('a segment or a scan whose marker is damaged'),
  noQuantisation: refused('a quantisation table that is missing or contains a zero'),
  otherRange: refused("an invalid scan range that isn't all zeros"),
  otherTransform: refused('any other Adobe colour transform than 0 and 1, without a JFIF header'),
  beforeTheStart: refused(
    "bytes before the start: the file isn't recognised as a JPEG, and the upload gets a 415",
  ),
  twelveBits: refused('12 or 16 bits a sample'),
  otherComponents: refused('another number of components than 1, 3 or 4'),
} as const satisfies Record<string, JpegOddity>

export type JpegOddityName = keyof typeof jpegOddityTable
