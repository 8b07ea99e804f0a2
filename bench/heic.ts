/**
 * Measures HEIC to JPEG, with `develop` as in a worker, and the decoding alone. `npm run bench -- heic photo.heic …`; RUNS
 * as in permute.ts. Debian's `heif-enc photo.jpg` makes such files.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { unpackHeic } from '../apps/image-worker/src/develop/heic/unpack-heic.ts'
import { developSwapped } from './develop-thread.ts'
import { measure, printCircumstances, row, table } from './measure.ts'

// As in a worker.
sharp.concurrency(1)
sharp.cache(false)

printCircumstances()
table(
  'HEIC to JPEG, order bgr.',
  ...['HEIC', 'megapixels', 'MB', 'develop ms', 'CPU ms', 'decoding ms', 'CPU ms', 'MB of the JPEG'],
)
for (const path of process.argv.slice(2)) {
  const heic = readFileSync(path)
  const header = await readImageHeader(bytesSource(heic))
  const [all, decoding] = await measure([
    () => developSwapped(heic),
    () => unpackHeic(heic, header).raster.data.length,
  ])
  if (!all || !decoding) continue
  const size = [header.pixels / 1e6, heic.length / 1e6]
  row(basename(path), ...size, all.wall, all.cpu, decoding.wall, decoding.cpu, all.bytes / 1e6)
}
