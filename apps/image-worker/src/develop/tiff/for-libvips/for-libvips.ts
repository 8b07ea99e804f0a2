import type { ImageHeader } from '@darkroom/image-header'
import { readHeader } from '../../read-header.ts'
import { withByteCounts } from './byte-counts.ts'
import { withChromaSubsampling } from './chroma-subsampling.ts'
import { withClosedChain } from './closed-chain.ts'
import { withoutLonePlanes } from './lone-planes.ts'
import { withNewJpegs } from './old-jpegs.ts'
import { withPhotometric } from './photometric.ts'
import { withPlainSamples } from './plain-samples.ts'
import { withSequentialJpegs } from './sequential-jpegs.ts'
import { withoutJpegAlpha } from './without-jpeg-alpha.ts'
import { withoutZstd } from './without-zstd.ts'

/**
 * A TIFF in a form that libvips reads, and its header; the file itself if libvips already reads it. Awaits `reserve` before
 * it takes memory.
 *
 * @throws UnusableImage when pixels that must be unpacked are damaged
 */
export async function forLibvips(
  tiff: Uint8Array,
  header: ImageHeader,
  reserve: (bytes: number) => Promise<void>,
): Promise<{ source: Uint8Array; header: ImageHeader }> {
  const counted = withByteCounts(withoutLonePlanes(withClosedChain(tiff)))
  const modern = withNewJpegs(counted)
  const own = modern === counted ? header : await readHeader(modern)
  const complete = withChromaSubsampling(withPhotometric(modern))
  const unpackable = await withSequentialJpegs(await withoutZstd(complete, own, reserve), own, reserve)
  const withoutAlpha = await withoutJpegAlpha(unpackable, own, reserve)
  return { source: await withPlainSamples(withoutAlpha, own, reserve), header: own }
}
