import { createHash } from 'node:crypto'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import sharp from 'sharp'
import { allowOnlyOurLoaders } from '../../src/develop/allow-loaders.ts'
import { UnusableImage } from '../../src/develop/unusable-image.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { randomFrom } from '../seeded-random.ts'
import type { HostileInput } from './hostile/hostile-input.ts'
import { hostileInputs } from './hostile/hostile-inputs.ts'
import { smuggled } from './hostile/polyglots.ts'
import { limits, run } from './run.ts'

/*
 * A process that develops hostile images like a worker's thread, one after the other, and prints a line of JSON before
 * and after each. If it dies, the last line names the image. If memory grows by more than the tolerated bytes, all images
 * are developed again: a leak grows each time, while the allocator's fragments soon reach their most.
 *
 *     node develop-hostile.ts <seed> <tolerated bytes>
 */

sharp.concurrency(1)
sharp.cache(false)
allowOnlyOurLoaders()

const [seed = 0, toleratedGrowthBytes = 0] = process.argv.slice(2).map(Number)
const inputs = await hostileInputs(randomFrom(seed))
const operations = [
  'swap-channels:bgr',
  'swap-channels:bgr,metadata:keep',
  'flip',
  'resize:9x9,format:webp',
  'format:png',
  'pad:3:3366cc80,round:circle,format:auto',
  'trim,normalise,pixelate:3',
  'crop:9x7:attention,resize:20x12:contain:enlarge:3366cc,format:webp',
]

/** After this many inputs, memory is about as large as it will ever be. */
const warm = 300
/** A worker ends a thread after this time. */
const timeoutMs = 60_000
const maxRounds = 3

print({ inputs: inputs.length })
let reachedBytes = 0
for (let round = 1; round <= maxRounds; round++) {
  let before = reachedBytes
  for (const [index, input] of inputs.entries()) {
    if (round === 1 && index === warm) before = residentBytes()
    await report(index, input)
  }
  reachedBytes = residentBytes()
  print({ round, before, after: reachedBytes })
  if (reachedBytes < before + toleratedGrowthBytes) break
}

async function report(index: number, input: HostileInput): Promise<void> {
  const text = operations[index % operations.length] ?? 'flip'
  print({ begun: `${input.name} | ${text}` })
  const before = process.cpuUsage()
  const end = await Promise.race([
    attempt(input, text),
    delay(timeoutMs, 'it takes too long', { ref: false }),
  ])
  const { user, system } = process.cpuUsage(before)
  print({ ended: end, cpuMs: Math.round((user + system) / 1000) })
}

/** The outcome: 'developed', 'refused', or a text about what is wrong. */
async function attempt({ bytes, expected }: HostileInput, text: string): Promise<string> {
  const before = createHash('sha256').update(bytes).digest('hex')
  const end = await developed(bytes, text).catch(whatIsWrongWith)
  if (createHash('sha256').update(bytes).digest('hex') !== before) return 'the input was changed'
  if ((end === 'developed' || end === 'refused') && expected !== undefined && end !== expected) {
    return `it was ${end}, not ${expected}`
  }
  return end
}

async function developed(bytes: Buffer, text: string): Promise<string> {
  const result = await run(bytes, text)
  const { contentType, width, height, frames } = result.facts
  // Pages of a TIFF may differ.
  const isDocument = contentType === 'image/tiff'
  for (let page = 0; page < (isDocument ? frames : 1); page++) {
    const options = isDocument ? { page } : { pages: -1 }
    const { data, info } = await sharp(result.bytes, { ...options, failOn: 'warning' })
      .raw()
      .toBuffer({ resolveWithObject: true })
    if (info.width * info.height > limits.maxPixels)
      return `the result has ${info.width} x ${info.height} pixels`
    if (data.length === 0) return 'the result has no pixels'
    const isAsReported = info.width === width && [height, frames * height].includes(info.height)
    if (!isAsReported && page === 0)
      return `the result is reported to have ${width} x ${height} x ${frames} pixels, and has ${info.width} x ${info.height}`
  }
  const smuggles = Buffer.from(result.bytes).includes(Buffer.from(smuggled, 'latin1'))
  return smuggles && !text.includes('keep') ? 'the script is in the result' : 'developed'
}

function whatIsWrongWith(error: unknown): string {
  if (!(error instanceof UnusableImage))
    return `it threw ${error instanceof Error ? error.stack : String(error)}`
  const { detail } = error.toTaskError()
  const isReadable = /^[\x20-\x7e’]{5,500}$/.test(detail) && /[a-z]{3}/i.test(detail)
  const revealsInternals =
    /undefined(?! bits per pixel)|NaN|\[object|\n|\bat \S+ \(|node_modules|file:\/\/|\/(tmp|home|work|usr)\b/.test(
      detail,
    )
  return isReadable && !revealsInternals ? 'refused' : `its message is "${detail}"`
}

function residentBytes(): number {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage.rss()
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
