import assert from 'node:assert/strict'
import sharp from 'sharp'

/** On a scale of 255. Encoding again changes samples a little, and wrong channels change them by tens. */
const toleratedMeanError = 6

/**
 * Asserts that `result` is `original` with red and blue swapped: exactly if `isExact`, otherwise approximately, as lossy
 * formats are. All frames are compared.
 */
export async function assertSwapped(
  original: Uint8Array,
  result: Uint8Array,
  { isExact }: { isExact: boolean },
): Promise<void> {
  const [before, after] = await Promise.all([decode(original), decode(result)])
  const { samples: _before, ...shape } = before
  const { samples: _after, ...resultShape } = after
  assert.deepEqual(resultShape, shape)
  const { worst, mean } = swapErrors(before, after)
  if (isExact) assert.equal(worst, 0, `a sample is off by ${worst}`)
  else assert.ok(mean <= toleratedMeanError, `the picture is off by ${mean.toFixed(1)} of 255`)
}

interface Picture {
  format: string
  width: number
  height: number
  channels: number
  depth: 'uchar' | 'ushort'
  samples: Uint8Array | Uint16Array
}

async function decode(bytes: Uint8Array): Promise<Picture> {
  const image = sharp(bytes, { pages: -1, ignoreIcc: true })
  const { format, depth: storedDepth } = await image.metadata()
  const depth = storedDepth === 'ushort' ? 'ushort' : 'uchar'
  const { data, info } = await (depth === 'ushort' ? image.toColourspace('rgb16') : image)
    .raw({ depth })
    .toBuffer({ resolveWithObject: true })
  const samples = depth === 'ushort' ? new Uint16Array(new Uint8Array(data).buffer) : data
  return { format, width: info.width, height: info.height, channels: info.channels, depth, samples }
}

function swapErrors(before: Picture, after: Picture): { worst: number; mean: number } {
  const { channels } = before
  const isColour = channels >= 3
  let worst = 0
  let sum = 0
  for (let at = 0; at < before.samples.length; at += channels) {
    for (let channel = 0; channel < channels; channel++) {
      const source = isColour && channel < 3 ? 2 - channel : channel
      const error = Math.abs((before.samples[at + source] ?? 0) - (after.samples[at + channel] ?? 0))
      sum += error
      if (error > worst) worst = error
    }
  }
  const scale = before.depth === 'ushort' ? 257 : 1
  return { worst, mean: sum / before.samples.length / scale }
}
