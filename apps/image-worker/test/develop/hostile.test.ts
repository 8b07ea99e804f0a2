import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { exactAllocator } from './allocator-environment.ts'
import { drawing, rasterOf } from './rasters.ts'
import { run } from './run.ts'

/** The seed of the inputs. Change it to try other inputs; a failure prints it. */
const seed = 20_261_121
const fewest = 2000
/** CPU time: far below the 60 s after which a worker's thread is terminated. */
const mostCpuMs = 10_000
/** One raster of the largest inputs, 40 MB, and the part of it that the allocator keeps. */
const toleratedGrowthBytes = 64 * 1024 * 1024

test(`hostile images soon end in a result or an error, and leak no memory (seed ${seed})`, async t => {
  const lines = await developHostile()
  const { inputs = 0 } = lines[0] ?? {}
  assert.ok(inputs >= fewest)
  const begun = lines.flatMap(line => line.begun ?? [])
  const ended = lines.flatMap(line =>
    line.ended === undefined ? [] : [{ end: line.ended, cpuMs: line.cpuMs ?? 0 }],
  )
  const rounds = lines.filter(({ round }) => round !== undefined)
  assert.equal(ended.length, rounds.length * inputs, `seed ${seed}: the process died of ${begun.at(-1)}`)

  const wrong = ended.flatMap(({ end }, index) =>
    end === 'developed' || end === 'refused' ? [] : `${begun[index]}: ${end}`,
  )
  assert.deepEqual(wrong, [], `seed ${seed}`)
  const slowest = Math.max(...ended.map(({ cpuMs }) => cpuMs))
  assert.ok(slowest < mostCpuMs, `seed ${seed}: one took ${slowest} ms of the processor`)
  for (const end of ['developed', 'refused']) assert.ok(ended.filter(other => other.end === end).length > 100)

  const growth = rounds.map(({ before = 0, after = 0 }) => after - before)
  t.diagnostic(
    `${inputs} inputs, the slowest ${slowest} ms of the processor; ${growth.join(' and ')} bytes more in memory`,
  )
  assert.ok(
    (growth.at(-1) ?? assert.fail()) < toleratedGrowthBytes,
    `memory grew by ${growth.join(' and ')} bytes`,
  )
})

test('operations that make more pixels than allowed are refused before they run', async () => {
  const raster = rasterOf({ width: 40, height: 30, frames: 1, channels: 3, bits: 8, seed: 1 })
  const png = await drawing(raster).png().toBuffer()
  const refusals = {
    'resize:16000x16000:enlarge': /enlarges the image to 192000000 pixels; the limit is 50000000/,
    'resize:16383x10000:contain': /to 163830000 pixels/,
    'resize:16383x16383:fill:enlarge': /to 268402689 pixels/,
    'resize:10000x:enlarge,resize:x10000:enlarge': /pixels/,
  }
  for (const [operations, words] of Object.entries(refusals)) {
    await assert.rejects(run(png, operations), { code: 'too-many-pixels', message: words })
  }
  for (const operations of ['resize:16383x16383', 'resize:x16383:fill', 'resize:16383x10:cover']) {
    const { facts } = await run(png, operations)
    assert.ok(facts.width <= 40 && facts.height <= 30)
  }
  await assert.rejects(run(png, 'flip', { maxPixels: 1199 }), {
    code: 'too-many-pixels',
    message: 'the image has 1200 pixels; the limit is 1199',
  })
  await assert.rejects(run(png, 'swap-channels', { maxUnpackedBytes: 3599 }), { code: 'too-many-pixels' })
  await run(png, 'flip', { maxPixels: 1200, maxUnpackedBytes: 3600 })
})

test('the pixels of all frames of an animation are counted', async () => {
  const raster = rasterOf({ width: 20, height: 10, frames: 5, channels: 4, bits: 8, seed: 2 })
  const webp = await drawing(raster).webp({ lossless: true, delay: 50 }).toBuffer()
  await run(webp, 'resize:40x20:enlarge', { maxPixels: 5 * 800 })
  for (const operations of ['resize:40x20:enlarge', 'rotate:45,resize:60x60:enlarge']) {
    await assert.rejects(run(webp, operations, { maxPixels: 5 * 800 - 1 }), { code: 'too-many-pixels' })
  }
})

test('a rotation that needs more pixels than allowed is refused', async () => {
  const raster = rasterOf({ width: 100, height: 100, frames: 1, channels: 3, bits: 8, seed: 3 })
  const png = await drawing(raster).png().toBuffer()
  await run(png, 'rotate:90', { maxPixels: 10_000 })
  await assert.rejects(run(png, 'rotate:45', { maxPixels: 10_000 }), { code: 'too-many-pixels' })
})

interface Line {
  inputs?: number
  begun?: string
  ended?: string
  cpuMs?: number
  /** The resident bytes before and after all inputs were developed; in the first round, from when the process is warm. */
  round?: number
  before?: number
  after?: number
}

async function developHostile(): Promise<Line[]> {
  const script = fileURLToPath(new URL('develop-hostile.ts', import.meta.url))
  const child = spawn(process.execPath, [script, String(seed), String(toleratedGrowthBytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...exactAllocator },
  })
  const [printed, [code, signal]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  const lines = printed.split('\n').filter(Boolean)
  const parsed = lines.map(line => JSON.parse(line) as Line)
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, `seed ${seed}: after ${lines.at(-1)}`)
  return parsed
}
