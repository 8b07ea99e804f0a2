import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { bytesSource, readImageHeader } from '@darkroom/image-header'
import { openLibheif } from '../../../src/develop/heic/libheif.ts'
import { unpackHeic } from '../../../src/develop/heic/unpack-heic.ts'
import { assembleHeif, flatItem, gridOf, imir, irot, tileItem } from './heif-assembler.ts'

/** 51 megapixels, which take at least a second. */
const large = gridOf({ columns: 7, rows: 7, width: 7168, height: 7168 }, flatItem())
const headerOf = (heic: Uint8Array) => readImageHeader(bytesSource(heic))

test('libheif gets as much memory as it is allowed, and no more', () => {
  const mebibyte = 1024 * 1024
  const { functions, memory } = openLibheif(64 * mebibyte)
  assert.notEqual(functions._malloc(24 * mebibyte), 0)
  assert.equal(functions._malloc(40 * mebibyte), 0)
  assert.ok(memory.buffer.byteLength <= 64 * mebibyte)
})

test('12 megapixels in tiles are unpacked within their reserved memory', async () => {
  const heic = gridOf({ columns: 4, rows: 3, width: 4032, height: 3024 }, flatItem())
  const { raster } = unpackHeic(heic, await headerOf(heic))
  assert.deepEqual([raster.width, raster.height, raster.channels, raster.bits], [4032, 3024, 3, 8])
})

test('an image that takes more memory than its size allows fails with a reason', async () => {
  const header = await headerOf(large)
  assert.throws(() => unpackHeic(large, { ...header, unpackedBytes: 1000 }), {
    code: 'undecodable-image',
    message: /memory|damaged/i,
  })
})

test('the result shows whether an image was turned or mirrored', async () => {
  for (const [properties, isMoved] of [
    [[], false],
    [[irot(1)], true],
    [[imir(0)], true],
  ] as const) {
    const heic = assembleHeif([tileItem(...properties)])
    assert.equal(unpackHeic(heic, await headerOf(heic)).isMoved, isMoved)
  }
})

test('a thread that decodes a HEIC can be ended', async () => {
  const worker = new Worker(new URL('unpack-in-thread.ts', import.meta.url), {
    workerData: { heic: large, header: await headerOf(large) },
  })
  const messages: string[] = []
  worker.on('message', (message: string) => messages.push(message))
  await once(worker, 'message')
  await worker.terminate()
  assert.deepEqual(messages, ['begun'])
})
