import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { requestBytes } from '../api/request.ts'
import { outputsOf } from './outputs.ts'
import { hasPreview, sides } from './previews.ts'
import { imageOf, type Row } from './row.ts'
import { canShow } from './shown-types.ts'

/** In pixels: twice the size in the list, for dense screens. */
const size = 112
const parallel = 2
const maxKept = 300
/** Larger results are not loaded for a thumbnail. */
const maxLoadedBytes = 4 * 1024 * 1024

const made = new Map<string, ImageBitmap>()
const version = signal(0)

interface Job {
  key: string
  load(): Promise<Blob>
}

let waiting: Job[] = []
let running = 0
const failed = new Set<string>()

/** The picture of a row, as soon as it is ready; undefined before that. */
export function thumbnailOf(row: Row): ImageBitmap | undefined {
  version.value // called again when another picture is ready
  const sources = sourcesOf(row)
  for (const { key } of sources) {
    const picture = made.get(key)
    if (picture) return picture
  }
  return undefined
}

/** The picture is not read back: Tor Browser, for example, hides what a canvas contains. */
export function draw(picture: ImageBitmap, canvas: HTMLCanvasElement): void {
  canvas.width = canvas.height = size // clears it
  canvas.getContext('2d')?.drawImage(picture, 0, 0)
}

/** Makes the picture of a row that is in view. */
export function requestThumbnail(row: Row): void {
  for (const job of sourcesOf(row)) {
    if (made.has(job.key)) return
    if (failed.has(job.key) || waiting.some(({ key }) => key === job.key)) continue
    waiting.push(job)
    startNext()
    return
  }
}

/** The row has left the view, so a thumbnail that was not started yet is not made. */
export function withdrawThumbnail(row: Row): void {
  const keys = new Set(sourcesOf(row).map(({ key }) => key))
  waiting = waiting.filter(({ key }) => !keys.has(key))
}

/** The sources for a thumbnail, the best first. */
function sourcesOf(row: Row): Job[] {
  const image = imageOf(row)
  const { file } = row
  const jobs: Job[] = []
  if (image?.state === 'finished') {
    const preview = `images/${image.id}/variants/${sides.after}`
    const shown = outputsOf(image).find(
      ({ facts }) => canShow(facts.contentType) && facts.bytes <= maxLoadedBytes,
    )
    const path = hasPreview(image, sides.after) ? preview : shown?.path
    if (path !== undefined) jobs.push({ key: path, load: () => requestBytes(path) })
  }
  if (file) jobs.push({ key: row.key, load: async () => file })
  return jobs
}

function startNext(): void {
  while (running < parallel) {
    const job = waiting.shift()
    if (!job) return
    running++
    void make(job).finally(() => {
      running--
      version.value++
      startNext()
    })
  }
}

async function make({ key, load }: Job): Promise<void> {
  try {
    keep(key, await squareOf(await load()))
  } catch (error) {
    // Not an image, or a format that this browser can't decode. Bytes that did not arrive are requested again.
    if (!(error instanceof Refusal)) failed.add(key)
  }
}

/** The middle of an image, as the list shows it. Scaled as a whole, a line of pixels would become huge. */
async function squareOf(image: Blob): Promise<ImageBitmap> {
  const full = await createImageBitmap(image)
  const { width, height } = full
  const side = Math.min(width, height)
  const [left, top] = [Math.floor((width - side) / 2), Math.floor((height - side) / 2)]
  const square = await createImageBitmap(full, left, top, side, side, {
    resizeWidth: size,
    resizeHeight: size,
    resizeQuality: 'medium',
  })
  full.close()
  return square
}

function keep(key: string, picture: ImageBitmap): void {
  made.set(key, picture)
  for (const [oldest, former] of made) {
    if (made.size <= maxKept) return
    made.delete(oldest)
    former.close()
  }
}
