import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { freePortRange } from '@darkroom/testing'
import { Agent, request } from 'undici'
import { loadPhotographs } from './photographs.ts'
import { cpuMs, peakMemoryMiB, processTree } from './process-figures.ts'

interface Figures {
  imagesPerSecond: number
  cpuMsPerImage: number
  peakMemoryMiB: number
}

interface FlowFigures extends Figures {
  acceptedMs: number[]
  finishedMs: number[]
}

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '150' },
    clients: { type: 'string', default: '16' },
    rounds: { type: 'string', default: '3' },
  },
})
const images = Number(values.images)
const clients = Number(values.clients)
const pathOf = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

const bare: Figures[] = []
const flow: FlowFigures[] = []
for (let round = 1; round <= Number(values.rounds); round++) {
  // Side by side: whatever else the machine does meets both.
  bare.push(await runBareLoop())
  flow.push(await runFlow())
  process.stderr.write(`round ${round} done\n`)
}
process.stdout.write(report())

async function runBareLoop(): Promise<Figures> {
  const { stdout } = await promisify(execFile)(process.execPath, [pathOf('bare-loop.ts'), String(images)])
  return JSON.parse(stdout) as Figures
}

/** The single process, as `npm start` runs it, with its own data; and all clients in this one. */
async function runFlow(): Promise<FlowFigures> {
  const dataDir = await mkdtemp(join(tmpdir(), 'darkroom-bench-'))
  const port = await freePortRange(7)
  const darkroom = spawn(process.execPath, [pathOf('../apps/darkroom/src/main.ts'), 'start'], {
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    for await (const line of createInterface({ input: darkroom.stdout })) if (line.includes('is ready')) break
    const url = `http://127.0.0.1:${port}`
    const dispatcher = new Agent({ connections: clients })
    const photographs = await loadPhotographs()
    // Until the worker has started and every image was seen once.
    await Promise.all(photographs.map(({ bytes }) => developOne(url, bytes, dispatcher)))

    const pids = processTree(darkroom.pid ?? 0)
    const cpuBefore = pids.map(cpuMs)
    const acceptedMs: number[] = []
    const finishedMs: number[] = []
    let next = 0
    const client = async () => {
      for (let index = next++; index < images; index = next++) {
        const photograph = photographs[index % photographs.length]
        if (!photograph) continue
        const times = await developOne(url, photograph.bytes, dispatcher)
        acceptedMs.push(times.acceptedMs)
        finishedMs.push(times.finishedMs)
      }
    }
    const begunAt = performance.now()
    await Promise.all(Array.from({ length: clients }, client))
    const seconds = (performance.now() - begunAt) / 1000
    await dispatcher.close()
    const cpu = pids.map(cpuMs).reduce((sum, ms, index) => sum + ms - (cpuBefore[index] ?? 0), 0)
    return {
      imagesPerSecond: images / seconds,
      cpuMsPerImage: cpu / images,
      peakMemoryMiB: pids.map(peakMemoryMiB).reduce((sum, mib) => sum + mib, 0),
      acceptedMs,
      finishedMs,
    }
  } finally {
    darkroom.kill('SIGTERM')
    if (darkroom.exitCode === null) await once(darkroom, 'exit')
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Upload, poll, download; the way any client does it. */
async function developOne(url: string, bytes: Buffer, dispatcher: Agent) {
  const begunAt = performance.now()
  const accepted = await request(`${url}/images`, { dispatcher, method: 'POST', body: bytes })
  if (accepted.statusCode !== 202)
    throw new Error(`upload: ${accepted.statusCode} ${await accepted.body.text()}`)
  let status = (await accepted.body.json()) as { state: string; links: { self: string; result: string } }
  const acceptedMs = performance.now() - begunAt
  while (status.state !== 'finished') {
    if (status.state === 'failed') throw new Error(`an image failed: ${JSON.stringify(status)}`)
    const polled = await request(url + status.links.self, { dispatcher, headers: { prefer: 'wait=25' } })
    status = (await polled.body.json()) as typeof status
  }
  const finishedMs = performance.now() - begunAt
  const result = await request(url + status.links.result, { dispatcher })
  if (result.statusCode !== 200) throw new Error(`download: ${result.statusCode}`)
  await result.body.dump({ limit: Number.MAX_SAFE_INTEGER })
  return { acceptedMs, finishedMs }
}

function report(): string {
  const row = (name: string, pick: (figures: Figures) => number, digits: number) => {
    const [loop, service] = [median(bare.map(pick)), median(flow.map(pick))]
    return `| ${name} | ${loop.toFixed(digits)} | ${service.toFixed(digits)} | ${(service / loop).toFixed(2)} |`
  }
  const accepted = flow.flatMap(({ acceptedMs }) => acceptedMs)
  const finished = flow.flatMap(({ finishedMs }) => finishedMs)
  const times = (ms: number[]) =>
    `p50 ${quantile(ms, 0.5).toFixed(0)} ms, p99 ${quantile(ms, 0.99).toFixed(0)} ms`
  return `
${images} images, ${clients} clients, ${bare.length} rounds (medians); ${availableParallelism()} cores, ${cpus()[0]?.model}, Node ${process.version}

| | bare loop | Darkroom | ratio |
|---|---|---|---|
${row('images/s', figures => figures.imagesPerSecond, 1)}
${row('CPU ms per image', figures => figures.cpuMsPerImage, 0)}
${row('peak memory, MiB', figures => figures.peakMemoryMiB, 0)}

upload to 202: ${times(accepted)}; upload to finished: ${times(finished)}
`
}

function median(numbers: number[]): number {
  return quantile(numbers, 0.5)
}

/** Nearest rank. */
function quantile(numbers: number[], fraction: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.max(Math.ceil(fraction * sorted.length) - 1, 0)] ?? Number.NaN
}
