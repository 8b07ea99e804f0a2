import { decode } from '../decode/decode.ts'
import { decodeHeic } from '../decode/decode-heic.ts'
import { encode } from '../encode/encode.ts'
import { expectWhole } from '../mend/expect-whole.ts'
import { isPermutation } from '../plan.ts'
import { release } from '../raster/raster.ts'
import { applySteps } from '../steps.ts'
import { developTiff } from './develop-tiff.ts'
import { heldBytes } from './held-bytes.ts'
import type { Job, Way } from './way.ts'

/** Decodes, changes each frame step by step, and encodes: TIFFs page by page, HEIC with libheif-js. It can do every job. */
export const stepByStep: Way = {
  cost: heldBytes,
  develop: async job => {
    const { input, header, plan, limits } = job
    expectWhole(input, header)
    return header.format === 'tiff' ? developTiff(input, header, plan, limits) : developImage(job)
  },
}

async function developImage({ input, header, plan, limits, shared }: Job): Promise<Uint8Array> {
  const { steps, output } = plan
  const { picture, original } = await (header.format === 'heic'
    ? decodeHeic(input, header, plan, limits, shared)
    : decode({ input, header }, plan, limits))
  await applySteps(picture, steps, limits)
  // A requested quality takes precedence over the size.
  const isRewritten = isPermutation(header, plan) && output.quality === undefined
  const bytes = await encode(picture, output, original, isRewritten ? input.length : undefined, limits)
  for (const frame of picture.frames) release(frame)
  return bytes
}
