import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childrenOf, freePortRange, startProgram, temporaryFolder, untilAlive } from '@darkroom/testing'
import sharp from 'sharp'
import { Agent, request } from 'undici'
import { report } from './comparison.ts'
import { format, quantile, row, table } from './measure.ts'
import { Owner } from './owner.ts'
import { processTree } from './process-figures.ts'

/**
 * Measures `GET /images/:id` while four clients upload, on the normal disk and on a disk on which every sync takes 50 ms
 * longer: strace(1) delays the calls. Both sides run under strace, in turn.
 *
 *     npm run bench -- slow-disk [reads a round] [rounds]
 */
const [reads = 300, rounds = 5] = process.argv.slice(2).map(Number)
const writers = 4
const main = fileURLToPath(new URL('../apps/darkroom/bin/darkroom.js', import.meta.url))

await using owner = new Owner()
const dispatcher = new Agent()
owner.after(() => dispatcher.close())
execFileSync('strace', ['--version'], { stdio: 'ignore' })
const image = await sharp({ create: { width: 64, height: 48, channels: 3, background: 'red' } })
  .png()
  .toBuffer()

const sides = [
  { name: 'without delay', url: await startTraced('0'), times: [] as number[] },
  { name: 'each sync 50 ms longer', url: await startTraced('50ms'), times: [] as number[] },
]
for (let round = 0; round < rounds; round++)
  for (const { url, times } of sides) times.push(...(await readWhileWriting(url)))

table('Milliseconds of GET /images/:id while four clients upload', 'disk', 'p50', 'p99')
for (const { name, times } of sides) row(name, quantile(times, 0.5), quantile(times, 0.99))
const [fast = Number.NaN, slow = Number.NaN] = sides.map(({ times }) => quantile(times, 0.99))
report({
  what: 'GET /images/:id, each sync 50 ms longer',
  figure: 'ms p99',
  darkroom: slow,
  beside: { name: 'without delay', figure: fast },
})
process.stdout.write(`\nratio of p99: ${format(slow / fast)}\n`)

async function startTraced(delay: string): Promise<string> {
  const port = await freePortRange(10)
  const inject = `inject=fsync,fdatasync:delay_enter=${delay}`
  const options = [
    '-f',
    '--seccomp-bpf',
    '-qqq',
    '-o',
    '/dev/null',
    '-e',
    'trace=fsync,fdatasync',
    '-e',
    inject,
  ]
  const env = { PORT: String(port), DATA_DIR: temporaryFolder(owner), MIN_FREE_BYTES: '0' }
  const program = startProgram(owner, ['strace', ...options, process.execPath, main, 'start'], env)
  // Darkroom would outlive strace.
  owner.after(() =>
    childrenOf(program.pid)
      .flatMap(processTree)
      .map(pid => process.kill(pid, 'SIGKILL')),
  )
  await untilAlive('darkroom', program, () => program.stdout.includes('Darkroom is ready'))
  return `http://127.0.0.1:${port}`
}

async function readWhileWriting(url: string): Promise<number[]> {
  const id = await upload(url)
  let isOver = false
  const writing = Array.from({ length: writers }, async () => {
    while (!isOver) await upload(url)
  })
  const times: number[] = []
  while (times.length < reads) {
    const begunAt = performance.now()
    const reply = await request(`${url}/images/${id}`, { dispatcher })
    await reply.body.dump()
    times.push(performance.now() - begunAt)
  }
  isOver = true
  await Promise.all(writing)
  return times
}

async function upload(url: string): Promise<string> {
  const headers = { 'content-type': 'application/octet-stream', prefer: 'wait=60' }
  const reply = await request(`${url}/images`, { dispatcher, method: 'POST', headers, body: image })
  const { id, state } = (await reply.body.json()) as { id: string; state: string }
  if (state !== 'finished') throw new Error(`image ${id} is ${state}`)
  return id
}
