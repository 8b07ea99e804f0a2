/**
 * Measures swapping red and blue of a JPEG, by `develop` as in a worker, by sharp's recomb, and sharp's decoding and
 * encoding alone. `npm run bench -- permute-jpeg`; PHOTOS and RUNS as in permute.ts.
 */
import { cpus } from 'node:os'
import { basename } from 'node:path'
import sharp from 'sharp'
import { DevelopThread, developSwapped } from './develop-thread.ts'
import { format, type Measured, measure, printCircumstances, row, table } from './measure.ts'
import { pickPhotographs } from './photographs.ts'
import { reversal, sixMegapixels, sizeOf } from './recomb.ts'

const quality = 80
const coreCount = cpus().length

printCircumstances()
table(
  `JPEG of 6 megapixels to JPEG, quality ${quality} and 4:2:0 on all sides, order bgr: one alone, and ${coreCount} at once.`,
  ...['JPEG', 'bytes a pixel', 'develop ms', 'CPU ms', 'recomb ms', 'CPU ms', 'two calls ms', 'CPU ms'],
  ...[
    'times as fast as recomb',
    'recomb CPU / develop CPU',
    'develop CPU / two calls CPU',
    'size',
    "sharp's size",
  ],
)
const threads = cpus().map(() => new DevelopThread())
for (const { name, bytes } of await pickPhotographs(4)) {
  const jpeg = await sharp(bytes).resize(sixMegapixels).jpeg({ quality }).toBuffer()
  const recomb = () => sizeOf(sharp(jpeg).recomb(reversal).jpeg({ quality }))
  const twoCalls = () => decodeAndEncode(jpeg)
  compare(basename(name), jpeg, await measure([() => developSwapped(jpeg), recomb, twoCalls]))
  const together = [
    () => atOnce(index => threads[index]?.develop(jpeg) ?? 0),
    () => atOnce(recomb),
    () => atOnce(twoCalls),
  ]
  compare(`${basename(name)} x ${coreCount}`, jpeg, await measure(together))
}
await Promise.all(threads.map(thread => thread.end()))

/** The work without the permutation: decoding to samples, and encoding. */
async function decodeAndEncode(jpeg: Buffer): Promise<number> {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true })
  return sizeOf(sharp(data, { raw: info }).jpeg({ quality }))
}

/** Develops as many images at once as there are cores, like a busy worker. */
async function atOnce(run: (index: number) => Promise<number> | number): Promise<number> {
  const sizes = await Promise.all(cpus().map((_, index) => run(index)))
  return sizes[0] ?? 0
}

function compare(name: string, jpeg: Buffer, [ours, recomb, calls]: readonly Measured[]): void {
  if (!ours || !recomb || !calls) return
  const bytesPerPixel = jpeg.length / (sixMegapixels.width * sixMegapixels.height)
  const times = [ours, recomb, calls].flatMap(({ wall, cpu }) => [wall, cpu])
  const ratios = [recomb.cpu / ours.cpu, ours.cpu / calls.cpu]
  const sizes = [ours.bytes / jpeg.length, recomb.bytes / jpeg.length]
  row(name, bytesPerPixel, ...times, `**${format(recomb.wall / ours.wall)}**`, ...ratios, ...sizes)
}
