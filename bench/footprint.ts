import { readFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { childrenOf, freePortRange, type Program, startProgram, temporaryFolder } from '@darkroom/testing'
import sharp from 'sharp'
import { Agent, request } from 'undici'
import { report } from './comparison.ts'
import { describeMachine, median, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { pickPhotographs } from './photographs.ts'
import { processTree } from './process-figures.ts'

/**
 * Measures how soon `npm start` is ready when there are data of an earlier start, and the memory (PSS) of all processes of
 * Darkroom: at rest, and while 8 clients upload JPEGs of 12 megapixels.
 *
 *     npm run bench -- footprint [minutes of load] [starts]
 */
const [minutes = 10, starts = 5] = process.argv.slice(2).map(Number)
const clients = 8
/** After a start, V8 returns unused memory within this time. */
const restMs = 40_000
const root = fileURLToPath(new URL('..', import.meta.url))

await using owner = new Owner()
const port = await freePortRange(7)
const env = {
  PORT: String(port),
  DATA_DIR: temporaryFolder(owner),
  HOME: temporaryFolder(owner),
  MIN_FREE_BYTES: '0',
  RETENTION_SECONDS: '120',
}
const dispatcher = new Agent({ connections: clients })
owner.after(() => dispatcher.close())

process.stdout.write(`${describeMachine()}\n`)
table('Darkroom as `npm start` runs it', 'what', 'figure', '')
let npm = await start()
const seconds: number[] = []
for (let count = 0; count < starts; count++) {
  npm.signal('SIGTERM')
  await npm.ended
  const begunAt = performance.now()
  npm = await start()
  seconds.push((performance.now() - begunAt) / 1000)
}
show('`npm start` to ready, not the first start', 'seconds', median(seconds))

const pids = childrenOf(npm.pid).flatMap(processTree) // without npm, which only waits
await wait(restMs)
show('memory at rest', 'MB', megabytes())

const { images, mostMegabytes } = await developPhotographs()
show(`memory after ${minutes} minutes of JPEGs of 12 MP`, 'MB', megabytes())
show('memory at most, in these minutes', 'MB', mostMegabytes)
show('JPEGs of 12 MP', 'images/s', images / (60 * minutes))

function show(what: string, figure: string, darkroom: number): void {
  row(what, darkroom, figure)
  report({ what, figure, darkroom })
}

async function start(): Promise<Program> {
  const program = startProgram(owner, ['sh', '-c', `cd '${root}' && exec npm start`], env)
  const ended = program.ended.then(() => {
    throw new Error(`npm start ended: ${program.stderr}${program.stdout}`)
  })
  // Longer pauses would count as part of the start.
  while (!program.stdout.includes('Darkroom is ready')) await Promise.race([wait(5), ended])
  ended.catch(() => undefined) // the benchmark ends it
  return program
}

/** The memory of all processes; memory that they share counts once. */
function megabytes(): number {
  const kilobytesOf = (pid: number) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1])
  return pids.reduce((sum, pid) => sum + kilobytesOf(pid), 0) / 1024
}

/** Develops photographs until the time is over. */
async function developPhotographs(): Promise<{ images: number; mostMegabytes: number }> {
  const photographs = await Promise.all(
    (await pickPhotographs(6)).map(({ bytes }) =>
      sharp(bytes).resize(4000, 3000, { fit: 'cover' }).jpeg({ quality: 85 }).toBuffer(),
    ),
  )
  const endsAt = performance.now() + 60_000 * minutes
  let images = 0
  let mostMegabytes = 0
  const client = async () => {
    while (performance.now() < endsAt) await developOne(photographs[images++ % photographs.length] as Buffer)
  }
  const watch = setInterval(() => {
    mostMegabytes = Math.max(mostMegabytes, megabytes())
  }, 1000)
  await Promise.all(Array.from({ length: clients }, client))
  clearInterval(watch)
  return { images, mostMegabytes }
}

async function developOne(photograph: Buffer): Promise<void> {
  const url = `http://127.0.0.1:${port}/images`
  const headers = { prefer: 'wait=60', 'content-type': 'application/octet-stream' }
  const uploaded = await request(url, { dispatcher, method: 'POST', headers, body: photograph })
  const { id, state } = (await uploaded.body.json()) as { id: string; state: string }
  if (state !== 'finished') throw new Error(`image ${id} is ${state}`)
  const result = await request(`${url}/${id}/result`, { dispatcher })
  await result.body.dump({ limit: Number.POSITIVE_INFINITY })
}
