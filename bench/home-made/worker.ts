import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'bullmq'
import sharp from 'sharp'
import { type Job, readSettings } from './settings.ts'
import { writeDurably } from './write-durably.ts'

/** Swaps red and blue of queued images, several at once; a job is done when its result is synced. */
const { folder, connection, way } = readSettings()
const swap = way === 'raw' ? swapRaw : swapByMatrix
const concurrency = availableParallelism() * 2
const worker = new Worker<Job>('images', job => develop(job.data.id), { connection, concurrency })
await worker.waitUntilReady()
process.stdout.write('ready\n')

async function develop(id: string): Promise<void> {
  const original = await readFile(join(folder, `${id}.original`))
  await writeDurably(join(folder, `${id}.result`), await swap(original))
}

/** In the format of the original, with sharp's own settings. */
function swapByMatrix(image: Buffer): Promise<Buffer> {
  const matrix: [Row, Row, Row] = [
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ]
  // By default sharp reuses the palette of the original, and a GIF would lose the swapped colours.
  return sharp(image, { animated: true }).recomb(matrix).gif({ reuse: false, force: false }).toBuffer()
}
type Row = [number, number, number]

async function swapRaw(image: Buffer): Promise<Buffer> {
  const { format, pages = 1, pageHeight, delay, loop } = await sharp(image, { animated: true }).metadata()
  const { data, info } = await sharp(image, { animated: true }).raw().toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  for (let at = 0; at < data.length; at += channels) {
    const red = data[at] as number
    data[at] = data[at + 2] as number
    data[at + 2] = red
  }
  const raw = { width, height, channels, ...(pages > 1 && { pageHeight: pageHeight ?? height / pages }) }
  const encoder = sharp(data, { raw })
  return encoder
    .toFormat(format as 'png', { ...(delay && { delay }), ...(loop !== undefined && { loop }) })
    .toBuffer()
}
