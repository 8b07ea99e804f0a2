/**
 * Measures each operation on a photograph of 6 megapixels, by `develop` as in a worker, and the sharp pipeline that a
 * user would write. `npm run bench -- operations`; further words select the rows that contain one of them (`webp blur`).
 * PHOTOS and RUNS as in permute.ts.
 */
import { parseOperations } from '@darkroom/contracts'
import { develop } from '@darkroom/image-worker/develop'
import sharp, { type Sharp } from 'sharp'
import { type Comparison, report } from './comparison.ts'
import { limits } from './develop-thread.ts'
import { measure, printCircumstances, row, table } from './measure.ts'
import { pickPhotographs } from './photographs.ts'
import { reversal, sixMegapixels, sizeOf } from './recomb.ts'

const quality = 80

interface Format {
  encode(image: Sharp): Sharp
  size?: { width: number; height: number }
}

/** Edges of whole units of 16 x 16 pixels, with which turns can leave the coefficients of a JPEG as they are. */
const wholeUnits = { width: 2912, height: 2080 }

const formats: Readonly<Record<string, Format>> = {
  jpeg: { encode: image => image.jpeg({ quality }) },
  'jpeg of whole units': { encode: image => image.jpeg({ quality }), size: wholeUnits },
  'progressive jpeg of whole units': {
    encode: image => image.jpeg({ quality, progressive: true }),
    size: wholeUnits,
  },
  png: { encode: image => image.png() },
  webp: { encode: image => image.webp({ quality }) },
}
const turns = ['rotate:90', 'rotate:180', 'flip', 'flop']

/** The code that a user would write for an operation. Each element is a separate call, because sharp has a fixed order. */
type Peer = readonly ((image: Sharp) => Sharp)[]

const resized = (width: number) => (image: Sharp) => image.resize({ width, withoutEnlargement: true })
const middle = { left: 1050, top: 735, width: 800, height: 600 }

const peers: Readonly<Record<string, Peer>> = {
  'swap-channels:bgr': [image => image.recomb(reversal)],
  'resize:300x': [resized(300)],
  'resize:1200x': [resized(1200)],
  'resize:300x300:cover': [image => image.resize(300, 300)],
  'crop:800x600': [image => image.extract(middle)],
  'rotate:90': [image => image.rotate(90)],
  'rotate:180': [image => image.rotate(180)],
  'rotate:10': [image => image.rotate(10, { background: '#ffffff' })],
  flip: [image => image.flip()],
  flop: [image => image.flop()],
  greyscale: [image => image.greyscale()],
  invert: [image => image.negate()],
  'blur:2': [image => image.blur(2)],
  'sharpen:1': [image => image.sharpen({ sigma: 1 })],
  'brightness:1.2': [image => image.modulate({ brightness: 1.2 })],
  'saturation:0.5': [image => image.modulate({ saturation: 0.5 })],
  'hue:90': [image => image.modulate({ hue: 90 })],
  'tint:ff8000': [image => image.tint('#ff8000')],
  'crop:2000x1500,resize:600x,sharpen:1': [
    image =>
      image.extract({ left: 450, top: 285, width: 2000, height: 1500 }).resize(600).sharpen({ sigma: 1 }),
  ],
  'resize:1200x,greyscale,blur:2': [image => image.resize(1200).greyscale().blur(2)],
  'rotate:90,resize:600x,flip': [image => image.rotate(90).resize(600).flip()],
  'flip,brightness:1.2,invert': [image => image.flip().modulate({ brightness: 1.2 }).negate()],
  'resize:1200x,crop:800x600,swap-channels:bgr': [
    image => image.resize(1200).extract({ left: 200, top: 128, width: 800, height: 600 }).recomb(reversal),
  ],
  'sharpen:1,resize:1200x,blur:2': [
    image => image.sharpen({ sigma: 1 }),
    image => image.resize(1200).blur(2),
  ],
}

const words = process.argv.slice(2)
const [photograph] = await pickPhotographs(1)
const original = sharp(photograph?.bytes)
printCircumstances()
table(
  `A photograph of 6 megapixels in each format, quality ${quality}; the format stays.`,
  ...[
    'format',
    'operations',
    'develop CPU ms',
    'sharp CPU ms',
    'CPU ratio',
    'wall ratio',
    'our bytes / theirs',
  ],
)
for (const [format, { encode, size }] of Object.entries(formats)) {
  const file = await encode(original.clone().resize({ ...sixMegapixels, ...size })).toBuffer()
  const comparisons: Required<Comparison>[] = []
  for (const [operations, peer] of Object.entries(peers)) {
    if (size && !turns.includes(operations)) continue
    const name = `${format} ${operations}`
    if (words.length > 0 && !words.some(word => name.includes(word))) continue
    const parsed = parseOperations(operations)
    const ours = async () => (await develop(file, parsed, limits)).bytes.length
    const [one, other] = await measure([ours, () => calls(file, peer, encode)])
    if (!one || !other) continue
    const ratios = [`**${(one.cpu / other.cpu).toFixed(2)}**`, one.wall / other.wall, one.bytes / other.bytes]
    row(format, operations, one.cpu, other.cpu, ...ratios)
    const what = `${format}, ${operations}`
    const beside = { name: 'sharp', figure: other.cpu }
    comparisons.push({ what, figure: 'CPU ms', darkroom: one.cpu, beside })
  }
  const sorted = comparisons.toSorted((a, b) => ratioOf(a) - ratioOf(b))
  const [middle, highest] = [sorted[sorted.length >> 1], sorted.at(-1)]
  if (middle) report({ ...middle, what: `${middle.what} (middle ratio of ${sorted.length})` })
  if (highest) report({ ...highest, what: `${highest.what} (highest ratio)` })
}

function ratioOf({ darkroom, beside }: Required<Comparison>): number {
  return darkroom / beside.figure
}

/** All calls except the last pass raw samples on. */
async function calls(file: Buffer, peer: Peer, encode: (image: Sharp) => Sharp): Promise<number> {
  let image = sharp(file).autoOrient()
  for (const work of peer.slice(0, -1)) {
    const { data, info } = await work(image).raw().toBuffer({ resolveWithObject: true })
    image = sharp(data, { raw: info })
  }
  const [last] = peer.slice(-1)
  return sizeOf(encode(last ? last(image) : image))
}
