/**
 * Channel permutation: files permuted without decoding, and raw samples in place, against sharp's recomb.
 * `node bench/permute.ts`; PHOTOS names a folder of JPEG photographs (Debian's mate-backgrounds by default),
 * RUNS the number of interleaved runs of which medians are taken.
 */
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import sharp, { type Sharp } from 'sharp'
import { type ChannelOrder, channelOrders } from '../apps/image-worker/src/permute/channel-order.ts'
import { permuteGif } from '../apps/image-worker/src/permute/permute-gif.ts'
import { permutePng } from '../apps/image-worker/src/permute/permute-png.ts'
import { permuteSamples } from '../apps/image-worker/src/permute/permute-samples.ts'
import { developSwapped } from './develop-swapped.ts'

sharp.concurrency(1)
sharp.cache(false)

const photos = process.env.PHOTOS ?? '/usr/share/backgrounds'
const runs = Math.max(15, Number(process.env.RUNS ?? 15))
const reversal = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
] as [[0, 0, 1], [0, 1, 0], [1, 0, 0]]

interface Side {
  readonly name: string
  /** Gives the size of the result. */
  readonly run: () => Promise<number> | number
}

/** Medians of wall time and of the process's CPU time in ms, and the size of the last result. */
interface Measured {
  readonly wall: number
  readonly cpu: number
  readonly bytes: number
}

async function measure(sides: readonly Side[]): Promise<Measured[]> {
  const results = sides.map(() => ({ walls: [] as number[], cpus: [] as number[], bytes: 0 }))
  for (let run = -2; run < runs; run += 1) {
    for (const [at, side] of sides.entries()) {
      const cpuBefore = process.cpuUsage()
      const before = performance.now()
      const bytes = await side.run()
      const wall = performance.now() - before
      const { user, system } = process.cpuUsage(cpuBefore)
      const result = results[at]
      if (result === undefined || run < 0) continue
      result.walls.push(wall)
      result.cpus.push((user + system) / 1000)
      result.bytes = bytes
    }
  }
  return results.map(({ walls, cpus, bytes }) => ({ wall: median(walls), cpu: median(cpus), bytes }))
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1] ?? Number.NaN
}

/** The pieces are dropped as they come, as a caller that streams would hand them on. */
async function streamPng(png: Uint8Array, order: ChannelOrder): Promise<number> {
  let bytes = 0
  for await (const piece of permutePng([png], order, { keepMetadata: false })) bytes += piece.length
  return bytes
}

/** As a loaded worker runs: as many images at once as there are cores. */
async function atOnce(run: (index: number) => Promise<number>): Promise<number> {
  const sizes = await Promise.all(cpus().map((_, index) => run(index)))
  return sizes[0] ?? 0
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`)
}

function row(...cells: (string | number)[]): void {
  print(`| ${cells.map(cell => (typeof cell === 'number' ? format(cell) : cell)).join(' | ')} |`)
}

function format(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1)
}

function table(title: string, ...columns: string[]): void {
  print('', title, '')
  row(...columns)
  row(...columns.map(() => '---'))
}

const found = readdirSync(photos, { recursive: true, encoding: 'utf8' })
  .filter(name => /\.jpe?g$/i.test(name))
  .sort()
  .map(name => join(photos, name))
const [first] = found
if (first === undefined) throw new Error(`no JPEG in ${photos}: set PHOTOS to a folder of photographs`)
/** Up to four, spread over the folder. */
const chosen = [0, 1, 2, 3].map(at => found[Math.floor((at * found.length) / 4)] ?? first)
const nameOf = (file: string) => file.split('/').at(-1) ?? file

const sixMegapixels = { width: 2900, height: 2070, fit: 'cover' } as const

print(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, sharp ${sharp.versions.sharp}; medians of ${runs}.`,
)

table(
  'Photographic PNG, order bgr, against `sharp(png).recomb(..).png()`. Size: result against input.',
  ...['PNG', 'MB', 'permutePng ms', 'CPU ms', 'sharp ms', 'CPU ms', 'times as fast', 'size', "sharp's size"],
)
for (const photo of new Set(chosen)) {
  for (const size of [{ width: 1600 }, sixMegapixels]) {
    for (const adaptiveFiltering of [true, false]) {
      const png = await sharp(photo).resize(size).removeAlpha().png({ adaptiveFiltering }).toBuffer()
      await comparePng(
        `${nameOf(photo)} ${size.width}px, ${adaptiveFiltering ? 'adaptive' : 'unfiltered'}`,
        png,
      )
    }
  }
}

const deep = await sharp(first).resize({ width: 1600 }).toColourspace('rgb16').png().toBuffer()
await comparePng(`${nameOf(first)} 1600px, 16 bits (sharp gives 8)`, deep)
await comparePng(`${nameOf(first)} 1600px, 16 bits (sharp told to keep them)`, deep, image =>
  image.toColourspace('rgb16'),
)

table(
  'Palette PNG, order bgr (above 1 MiB of pixels the image data is not inflated).',
  ...['PNG', 'MB', 'permutePng ms', 'CPU ms', 'sharp ms', 'CPU ms', 'times as fast', 'size', "sharp's size"],
)
for (const size of [{ width: 900 }, sixMegapixels]) {
  for (const photo of new Set(chosen.slice(0, 2))) {
    const png = await sharp(photo).resize(size).removeAlpha().png({ palette: true }).toBuffer()
    await comparePng(`${nameOf(photo)} ${size.width}px`, png)
  }
}

async function comparePng(name: string, png: Buffer, told = (image: Sharp) => image): Promise<void> {
  const [ours, theirs] = await measure([
    { name: 'permutePng', run: () => streamPng(png, 'bgr') },
    { name: 'recomb', run: () => sizeOf(told(sharp(png).recomb(reversal)).png()) },
  ])
  compare(name, png, ours, theirs)
}

function compare(name: string, input: Uint8Array, ours?: Measured, theirs?: Measured): void {
  if (!ours || !theirs) return
  const sizes = [ours.bytes / input.length, theirs.bytes / input.length]
  const times = theirs.wall / ours.wall
  row(
    name,
    input.length / 1e6,
    ours.wall,
    ours.cpu,
    theirs.wall,
    theirs.cpu,
    `**${format(times)}**`,
    ...sizes,
  )
}

table(
  'Animated GIF, order bgr, against `sharp(gif, { animated: true }).recomb(..).gif()`.',
  ...['GIF', 'MB', 'permuteGif ms', 'CPU ms', 'sharp ms', 'CPU ms', 'times as fast', 'size', "sharp's size"],
)
for (const [width, height, frames] of [
  [640, 400, 8],
  [120, 80, 8],
] as const) {
  const pages = await Promise.all(
    Array.from({ length: frames }, (_, at) =>
      sharp(chosen[at % 4] ?? first)
        .resize(width, height)
        .removeAlpha()
        .raw()
        .toBuffer(),
    ),
  )
  const gif = await sharp(Buffer.concat(pages), {
    raw: { width, height: height * frames, channels: 3, pageHeight: height },
  })
    .gif({ loop: 0, delay: pages.map(() => 100) })
    .toBuffer()
  const [ours, theirs] = await measure([
    { name: 'permuteGif', run: () => permuteGif(gif, 'bgr', { keepMetadata: false }).length },
    { name: 'recomb', run: () => sizeOf(sharp(gif, { animated: true }).recomb(reversal).gif()) },
  ])
  compare(`${frames} frames of ${width} x ${height}`, gif, ours, theirs)
}

table('Raw samples in place, 18 MB, MB/s.', 'samples', ...channelOrders)
for (const [name, channels, make] of [
  ['8-bit RGB', 3, () => new Uint8Array(18_000_000)],
  ['8-bit RGBA', 4, () => new Uint8Array(18_000_000)],
  ['16-bit RGB', 3, () => new Uint16Array(9_000_000)],
  ['16-bit RGBA', 4, () => new Uint16Array(9_000_000)],
] as const) {
  const samples = make().map((_, at) => at * 7)
  const bytes = new Uint8Array(samples.buffer)
  const sides = channelOrders.map(order => ({
    name: order,
    run: () => {
      permuteSamples(samples, channels, order)
      return bytes.length
    },
  }))
  const measured = await measure(sides)
  row(
    name,
    ...measured.map(({ wall }, at) =>
      channelOrders[at] === 'rgb' ? '-' : (bytes.length / 1000 / wall).toFixed(0),
    ),
  )
}

const countOfCores = cpus().length
table(
  `JPEG of 6 megapixels to JPEG, quality 80 and 4:2:0 on all sides, order bgr: one alone, and ${countOfCores} at once.`,
  ...['JPEG', 'bytes a pixel', 'develop ms', 'CPU ms', 'recomb ms', 'CPU ms', 'two calls ms', 'CPU ms'],
  ...['times as fast as recomb', 'recomb CPU of ours', 'of two calls', 'size', "sharp's size"],
)
const threads = cpus().map(() => new Worker(new URL('develop-swapped.ts', import.meta.url)))
for (const photo of new Set(chosen)) {
  const jpeg = await sharp(photo).resize(sixMegapixels).jpeg({ quality: 80 }).toBuffer()
  const recomb = () => sizeOf(sharp(jpeg).recomb(reversal).jpeg({ quality: 80 }))
  const twoCalls = () => decodeAndEncode(jpeg)
  const alone = [
    { name: 'develop', run: () => developSwapped(jpeg) },
    { name: 'recomb', run: recomb },
    { name: 'two calls', run: twoCalls },
  ]
  compareJpeg(nameOf(photo), jpeg, await measure(alone))
  const together = [
    { name: 'develop', run: () => atOnce(index => inThread(threads[index], jpeg)) },
    { name: 'recomb', run: () => atOnce(recomb) },
    { name: 'two calls', run: () => atOnce(twoCalls) },
  ]
  compareJpeg(`${nameOf(photo)} x ${countOfCores}`, jpeg, await measure(together))
}
await Promise.all(threads.map(thread => thread.terminate()))

async function inThread(thread: Worker | undefined, jpeg: Uint8Array): Promise<number> {
  if (!thread) return 0
  thread.postMessage(jpeg)
  const [size] = await once(thread, 'message')
  return size
}

function compareJpeg(name: string, jpeg: Buffer, [ours, recomb, calls]: readonly Measured[]): void {
  if (!ours || !recomb || !calls) return
  const bytesPerPixel = jpeg.length / (sixMegapixels.width * sixMegapixels.height)
  const times = [ours, recomb, calls].flatMap(({ wall, cpu }) => [wall, cpu])
  const ratios = [recomb.cpu / ours.cpu, ours.wall / calls.wall]
  const sizes = [ours.bytes / jpeg.length, recomb.bytes / jpeg.length]
  row(name, bytesPerPixel, ...times, `**${format(recomb.wall / ours.wall)}**`, ...ratios, ...sizes)
}

/** What remains when nothing is permuted: to the samples, and back to a file. */
async function decodeAndEncode(jpeg: Buffer): Promise<number> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
  return sizeOf(sharp(data, { raw: info }).jpeg({ quality: 80 }))
}

async function sizeOf(image: { toBuffer(): Promise<Uint8Array> }): Promise<number> {
  return (await image.toBuffer()).length
}
