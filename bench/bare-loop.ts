import { availableParallelism } from 'node:os'
import { develop } from '@darkroom/image-worker/develop'
import sharp from 'sharp'
import { loadPhotographs } from './photographs.ts'

// The peer: the same swap, in one process, with nothing around it. As many images at once as there are cores.
sharp.concurrency(1)
sharp.cache(false)

const count = Number(process.argv[2])
const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 1024 * 1024, processingMs: 60_000 }
const photographs = await loadPhotographs()

let next = 0
const lane = async () => {
  for (let index = next++; index < count; index = next++) {
    const photograph = photographs[index % photographs.length]
    if (photograph) await develop(photograph.bytes, [{ name: 'swap-channels', order: 'bgr' }], limits)
  }
}
const cpuBefore = process.cpuUsage()
const begunAt = performance.now()
await Promise.all(Array.from({ length: availableParallelism() }, lane))
const seconds = (performance.now() - begunAt) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
const figures = {
  imagesPerSecond: count / seconds,
  cpuMsPerImage: (user + system) / 1000 / count,
  peakMemoryMiB: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(JSON.stringify(figures))
