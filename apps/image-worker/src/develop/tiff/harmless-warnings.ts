import type { TiffPage } from './tiff-page.ts'

/** None, LZW and both deflates: what of their pixels is damaged is an error, or can't be noticed. */
const strictCompressions: readonly number[] = [1, 5, 8, 32_946]

/** What libtiff remarks on tags that it mends, or that say nothing of the pixels (tif_dirread.c). */
const harmless = [
  /does not end in null byte/,
  /^incorrect count for field/i,
  /ExtraSamples doesn't match SamplesPerPixel/,
]

/** What libvips says because of them. */
const consequences = [/^Warning treated as error due to failOn setting$/, /^error in tile \d+ x \d+$/]

/**
 * Decodes a page as `decode` does, which fails on warnings, and without doing so if these are of no consequence:
 * cameras and scanners leave texts without their last zero, and counts wrong.
 */
export async function forgivingTags<Decoded>(
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
