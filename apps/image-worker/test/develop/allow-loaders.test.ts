// In its own process: what libvips reads is set for the whole process.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import sharp from 'sharp'
import { allowOnlyOurLoaders } from '../../src/develop/allow-loaders.ts'

const thread = new URL('allow-loaders-in-thread.ts', import.meta.url)

test('images are read while further threads start', async () => {
  const isDone = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  allowOnlyOurLoaders(isDone)
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  let areStarting = true
  const reading = (async () => {
    while (areStarting) await Promise.all(Array.from({ length: 8 }, () => sharp(png).metadata()))
  })()
  reading.catch(() => undefined)
  for (let count = 0; count < 20; count++) await once(new Worker(thread, { workerData: isDone }), 'exit')
  areStarting = false
  await reading
})

test('formats that can load other files are not read', async () => {
  allowOnlyOurLoaders()
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
  await assert.rejects(sharp(svg).metadata(), /not in a known format|unsupported/)
})
