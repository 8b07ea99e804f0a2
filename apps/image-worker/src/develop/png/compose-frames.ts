import { type Raster, type Samples, samplesOf, withAlpha } from '../raster/raster.ts'
import { blend, dispose, type PngFrame, type PngFrames } from './read-animation.ts'

/**
 * Draws the frames of an animation over each other. Returns each as it is seen, as large as the animation. `unpack`
 * decodes the rectangle of a frame. All frames have transparency if any of them can show some.
 */
export async function composeFrames(
  { width, height, frames }: PngFrames,
  unpack: (png: Uint8Array) => Promise<Raster>,
): Promise<Raster[]> {
  const shown: Raster[] = []
  let canvas: Raster | undefined
  const needsAlpha = isBare(frames, width, height)
  for (const [index, frame] of frames.entries()) {
    const rectangle = await unpack(frame.png)
    const patch = needsAlpha ? withAlpha(rectangle) : rectangle
    canvas ??= blank(patch, width, height)
    const before = canvas
    canvas = { ...before, data: Uint8Array.from(before.data) }
    draw(canvas, patch, frame)
    shown.push(canvas)
    if (index === frames.length - 1) break
    if (frame.dispose === dispose.previous && index > 0) canvas = before
    else if (frame.dispose !== dispose.none) canvas = cleared(canvas, frame)
  }
  return shown
}

/** Whether a part of the canvas that no frame covers may be visible. */
function isBare(frames: readonly PngFrame[], width: number, height: number): boolean {
  const [first] = frames
  const coversAll = first?.width === width && first.height === height
  const clears = frames.some((frame, index) => {
    const isCleared = frame.dispose === dispose.background || (frame.dispose !== dispose.none && index === 0)
    return isCleared && index < frames.length - 1
  })
  return !coversAll || clears
}

function blank(patch: Raster, width: number, height: number): Raster {
  const bytes = width * height * patch.channels * (patch.bits / 8)
  return { ...patch, width, height, data: new Uint8Array(bytes) }
}

function draw(canvas: Raster, patch: Raster, frame: PngFrame): void {
  const [to, from] = [samplesOf(canvas), samplesOf(patch)]
  const { channels, bits } = canvas
  const length = channels * frame.width
  for (let row = 0; row < frame.height; row++) {
    const start = channels * ((frame.top + row) * canvas.width + frame.left)
    const samples = from.subarray(row * length, (row + 1) * length)
    if (frame.blend === blend.over && channels === 4) drawOver(to, start, samples, 2 ** bits - 1)
    else to.set(samples, start)
  }
}

/** Draws pixels over others: the opacity of the upper pixel is its share (PNG 3rd edition, 13.16). */
function drawOver(to: Samples, start: number, from: Samples, most: number): void {
  for (let at = 0; at < from.length; at += 4) {
    const alpha = from[at + 3] ?? 0
    if (alpha === 0) continue
    const upper = alpha * most
    const lower = (most - alpha) * (to[start + at + 3] ?? 0)
    for (let channel = 0; channel < 3; channel++) {
      const place = start + at + channel
      const mixed = ((from[at + channel] ?? 0) * upper + (to[place] ?? 0) * lower) / (upper + lower)
      to[place] = Math.round(mixed)
    }
    to[start + at + 3] = Math.round((upper + lower) / most)
  }
}

function cleared(canvas: Raster, { left, top, width, height }: PngFrame): Raster {
  const copy = { ...canvas, data: Uint8Array.from(canvas.data) }
  const pixelBytes = copy.channels * (copy.bits / 8)
  for (let row = top; row < top + height; row++) {
    const start = pixelBytes * (row * copy.width + left)
    copy.data.fill(0, start, start + pixelBytes * width)
  }
  return copy
}
