import type { TiffPage } from './tiff-page.ts'

/** Compressions (none, LZW and both deflates) with which damaged pixels are an error, or can't be detected. */
const strictCompressions: readonly number[] = [1, 5, 8, 32_946]

/** libtiff's warnings about tags that it corrects (tif_dirread.c), and about the first kind of LZW (tif_lzw.c). */
const harmless = [
  /Old-style LZW codes, convert file/,
  /ExtraSamples doesn't match SamplesPerPixel/,
  /BitsPerSample entry count is \d+ ?, whereas it should be SamplesPerPixel=\d+\. Ignoring extra entries/,
  // If the bytes of the pixels end before the calculated size, that is an error.
  /"StripByteCounts" field, (?:ignoring and )?calculating from imagelength/,
]

/** libvips' messages that follow from these warnings. */
const consequences = [/^Warning treated as error due to failOn setting$/, /^error in tile \d+ x \d+$/]

/**
 * Decodes a page with `decode` so that it fails on warnings. If all warnings are harmless, decodes it again and ignores
 * warnings. Old files don't declare their transparency, and some programs write no byte counts.
 */
export async function forgivingHarmlessWarnings<Decoded>(
  page: TiffPage | undefined,
  decode: (failOn: 'warning' | 'error') => Promise<Decoded>,
): Promise<Decoded> {
  try {
    return await decode('warning')
  } catch (error) {
    if (page && strictCompressions.includes(page.compression) && isHarmless(error)) return decode('error')
    throw error
  }
}

function isHarmless(error: unknown): boolean {
  const remarks = error instanceof Error ? error.message.split('\n').map(line => line.trim()) : []
  const isOne = (patterns: readonly RegExp[]) => (remark: string) =>
    patterns.some(pattern => pattern.test(remark))
  return remarks.some(isOne(harmless)) && remarks.filter(Boolean).every(isOne([...harmless, ...consequences]))
}
