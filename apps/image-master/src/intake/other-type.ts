/** Texts may begin with spaces; an SVG also with a declaration, comments and a DOCTYPE. */
const texts: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['SVG', /^\s*(?:<(?:\?xml|!--|!doctype svg).*)?<svg\b/is],
  ['HTML', /^\s*<(?:!doctype html|html|head|body)\b/i],
  ['XML', /^\s*<\?xml\b/],
  ['PDF', /^\s*%PDF-/],
  ['PNM', /^P[1-7][\s#]/],
]

/** How files of other types begin, as Latin-1. */
const begins: readonly (readonly [name: string, ...begins: string[]])[] = [
  ['JPEG XL', '\xff\x0a', '\0\0\0\x0cJXL '],
  ['JPEG 2000', '\0\0\0\x0cjP  ', '\xff\x4f\xff\x51'],
  ['JPEG XR', 'II\xbc'],
  ['BMP', 'BM'],
  ['ICO', '\0\0\x01\0', '\0\0\x02\0'],
  ['PSD', '8BPS'],
  ['PostScript', '%!PS', '\xc5\xd0\xd3\xc6'],
  ['OpenEXR', 'v/1\x01'],
  ['Radiance HDR', '#?RADIANCE', '#?RGBE'],
  ['QOI', 'qoif'],
  ['DDS', 'DDS '],
  ['XCF', 'gimp xcf'],
  ['camera raw', 'FUJIFILMCCD-RAW', 'IIRO', 'IIU\0', 'MMOR', '\0MRM', 'FOVb'],
  ['video', '\x1a\x45\xdf\xa3'],
  ['ZIP', 'PK\x03\x04', 'PK\x05\x06'],
  ['gzip', '\x1f\x8b'],
]

/** The brands of files in boxes (ISO/IEC 14496-12, 4.3) that are not videos. */
const brands: Readonly<Record<string, string>> = {
  'crx ': 'camera raw',
  j2ki: 'JPEG 2000',
  avci: 'AVC image',
}

/** The first bytes in which a type is looked for. */
const searchedBytes = 4096

/** The name of a file type that is not supported; undefined if the bytes begin no known type. */
export function otherType(head: Uint8Array): string | undefined {
  const text = Buffer.from(head.subarray(0, searchedBytes)).toString('latin1')
  if (text.startsWith('ftyp', 4)) return brands[text.slice(8, 12)] ?? 'video'
  const found =
    texts.find(([, pattern]) => pattern.test(text)) ??
    begins.find(([, ...all]) => all.some(begin => text.startsWith(begin)))
  return found?.[0]
}
