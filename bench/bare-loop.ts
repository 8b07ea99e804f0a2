import { availableParallelism } from 'node:os'
import { DevelopThread } from './develop-thread.ts'
import { loadPhotographs } from './photographs.ts'

// The peer: the same swap, in one process, with nothing around it. As many threads as there are cores.
const count = Number(process.argv[2])
const photographs = await loadPhotographs()
const threads = Array.from({ length: availableParallelism() }, () => new DevelopThread())

let next = 0
const lane = async (thread: DevelopThread) => {
  for (let index = next++; index < count; index = next++) {
    const photograph = photographs[index % photographs.length]
    if (photograph) await thread.develop(photograph.bytes)
  }
}
const cpuBefore = process.cpuUsage()
const begunAt = performance.now()
await Promise.all(threads.map(lane))
const seconds = (performance.now() - begunAt) / 1000
const { user, system } = process.cpuUsage(cpuBefore)
const figures = {
  imagesPerSecond: count / seconds,
  cpuMsPerImage: (user + system) / 1000 / count,
  peakMemoryMiB: process.resourceUsage().maxRSS / 1024,
}
process.stdout.write(JSON.stringify(figures))
await Promise.all(threads.map(thread => thread.end()))
