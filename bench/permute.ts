/**
 * Measures channel permutation: PNG and GIF without decoding, and raw samples in place, compared with sharp's recomb.
 * `npm run bench -- permute`; PHOTOS names a folder of JPEG photographs (Debian's mate-backgrounds by default),
 * RUNS the number of interleaved runs, whose medians are reported.
 */
import { basename } from 'node:path'
import sharp, { type Sharp } from 'sharp'
import { type ChannelOrder, channelOrders } from '../apps/image-worker/src/permute/channel-order.ts'
import { permuteGif } from '../apps/image-worker/src/permute/gif/permute-gif.ts'
import { permuteSamples } from '../apps/image-worker/src/permute/permute-samples.ts'
import { permutePng } from '../apps/image-worker/src/permute/png/permute-png.ts'
import { format, type Measured, measure, printCircumstances, row, table } from './measure.ts'
import { pickPhotographs } from './photographs.ts'
import { reversal, sixMegapixels, sizeOf } from './recomb.ts'

printCircumstances()
const photographs = await pickPhotographs(4)
const [first] = photographs
if (!first) throw new Error('no photographs found')

/** Discards the pieces as they come, like a caller that streams them. */
async function streamPng(png: Uint8Array, order: ChannelOrder): Promise<number> {
  let bytes = 0
  for await (const piece of permutePng([png], order, { keepMetadata: false })) bytes += piece.length
  return bytes
}

table(
  'Photographic PNG, order bgr, against `sharp(png).recomb(..).png()`. Size: result against input.',
  ...['PNG', 'MB', 'permutePng ms', 'CPU ms', 'sharp ms', 'CPU ms', 'times as fast', 'size', "sharp's size"],
)
for (const { name, bytes } of photographs) {
  for (const size of [{ width: 1600 }, sixMegapixels]) {
    for (const adaptiveFiltering of [true, false]) {
      const png = await sharp(bytes).resize(size).removeAlpha().png({ adaptiveFiltering }).toBuffer()
      await comparePng(
        `${basename(name)} ${size.width}px, ${adaptiveFiltering ? 'adaptive' : 'unfiltered'}`,
        png,
      )
    }
  }
}

const deep = await sharp(first.bytes).resize({ width: 1600 }).toColourspace('rgb16').png().toBuffer()
await comparePng(`${basename(first.name)} 1600px, 16 bits (sharp gives 8)`, deep)
await comparePng(`${basename(first.name)} 1600px, 16 bits (sharp set to keep them)`, deep, image =>
  image.toColourspace('rgb16'),
)

table(
  'Palette PNG, order bgr (above 1 MiB of pixels the image data is not inflated).',
  ...['PNG', 'MB', 'permutePng ms', 'CPU ms', 'sharp ms', 'CPU ms', 'times as fast', 'size', "sharp's size"],
)
for (const size of [{ width: 900 }, sixMegapixels]) {
  for (const { name, bytes } of photographs.slice(0, 2)) {
    const png = await sharp(bytes).resize(size).removeAlpha().png({ palette: true }).toBuffer()
    await comparePng(`${basename(name)} ${size.width}px`, png)
  }
}

async function comparePng(name: string, png: Buffer, encode = (image: Sharp) => image): Promise<void> {
  const [ours, theirs] = await measure([
    () => streamPng(png, 'bgr'),
    () => sizeOf(encode(sharp(png).recomb(reversal)).png()),
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
      sharp((photographs[at % photographs.length] ?? first).bytes)
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
    () => permuteGif(gif, 'bgr', { keepMetadata: false }).length,
    () => sizeOf(sharp(gif, { animated: true }).recomb(reversal).gif()),
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
  const sides = channelOrders.map(order => () => {
    permuteSamples(samples, channels, order)
    return bytes.length
  })
  const measured = await measure(sides)
  row(
    name,
    ...measured.map(({ wall }, at) =>
      channelOrders[at] === 'rgb' ? '-' : (bytes.length / 1000 / wall).toFixed(0),
    ),
  )
}
