import { encodeChunk } from '../../permute/png/chunks.ts'
import { isIntact, type PngChunk, pngChunks } from './png-chunks.ts'

/**
 * A PNG in which the chunks about colours come before the palette, and which has at most as many opacities as palette
 * entries; the file itself if this is already so. Some programs insert a profile directly before the image data, or shorten
 * only the palette. Browsers use such chunks; libpng ignores them (PNG 3rd edition, 5.6 and 11.3.1.1).
 */
export function withFittingPalette(png: Uint8Array): Uint8Array {
  const before: PngChunk[] = []
  let palette: PngChunk | undefined
  const late: PngChunk[] = []
  let opacities: PngChunk | undefined
  for (const chunk of pngChunks(png)) {
    const { type, data } = chunk
    if (type === 'IDAT') break
    if (!palette && type !== 'PLTE') before.push(chunk)
    else if (!palette) palette = chunk
    else if (ofColours.includes(type) && ![...before, ...late].some(seen => seen.type === type))
      late.push(chunk)
    else if (isTooLong(chunk, palette) && png[colourTypeAt] === indexed && isIntact(png, chunk))
      opacities ??= { ...chunk, data: data.subarray(0, palette.data.length / 3) }
  }
  if (!palette || (late.length === 0 && !opacities)) return png
  const parts = [png.subarray(0, palette.from), ...late.map(({ from, to }) => png.subarray(from, to))]
  let at = palette.from
  for (const chunk of opacities ? inOrder([...late, opacities]) : late) {
    parts.push(png.subarray(at, chunk.from))
    if (chunk === opacities) parts.push(encodeChunk(chunk.type, chunk.data))
    at = chunk.to
  }
  return Buffer.concat([...parts, png.subarray(at)])
}

/** cICP isn't here: browsers ignore it after the palette, too. */
const ofColours: readonly string[] = ['iCCP', 'sRGB', 'gAMA', 'cHRM']

/** The position of the colour type in IHDR, and the type of a palette image. */
const [colourTypeAt, indexed] = [25, 3]

const mostEntries = 256

function isTooLong({ type, data }: PngChunk, palette: PngChunk): boolean {
  return type === 'tRNS' && data.length > palette.data.length / 3 && data.length <= mostEntries
}

function inOrder(chunks: readonly PngChunk[]): PngChunk[] {
  return [...chunks].sort((one, other) => one.from - other.from)
}
