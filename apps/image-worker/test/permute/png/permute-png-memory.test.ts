// In its own process: it measures memory.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDeflate } from 'node:zlib'
import type { ChannelOrder } from '../../../src/permute/channel-order.ts'
import { permutePng } from '../../../src/permute/png/permute-png.ts'
import { collectGarbage } from '../../collect-garbage.ts'
import { noiseBytes } from '../pictures.ts'
import { chunk, headerChunk, signature } from './png-assembler.ts'

const width = 1000
const height = 30_000
const mebibyte = 1024 * 1024

test('memory does not grow with the height: 90 MB of pixels stream through less than 12 MiB', async () => {
  const { most, output } = await highWater(1, 'bgr')
  assert.ok(output > 25 * mebibyte, `the test's image compresses to ${output} bytes: too few to measure`)
  assert.ok(most < 12 * mebibyte, `${(most / mebibyte).toFixed(1)} MiB in use`)
})

test('memory does not grow for an image that compresses a thousandfold', async () => {
  const { most } = await highWater(0, 'gbr')
  assert.ok(most < 12 * mebibyte, `${(most / mebibyte).toFixed(1)} MiB in use`)
})

/**
 * The most bytes held outside of the heap while a tall image streams, above those before; measured each time that another
 * thirtieth of the image has been read.
 */
async function highWater(noisiness: number, order: ChannelOrder) {
  const before = bytesInUse()
  let most = 0
  let output = 0
  const input = tallPng(noisiness, row => {
    if (row % (height / 30) === 0) most = Math.max(most, bytesInUse() - before)
  })
  for await (const piece of permutePng(input, order, { keepMetadata: false })) output += piece.length
  assert.ok(most > 0)
  return { most, output }
}

/** Twice, because the memory of collected buffers is released while the program continues. */
function bytesInUse(): number {
  collectGarbage()
  collectGarbage()
  const { external, arrayBuffers } = process.memoryUsage()
  return Math.max(external, arrayBuffers)
}

/** A tall RGB image that is generated as it is read. Calls `onRead` with the number of rows that were read so far. */
async function* tallPng(noisiness: number, onRead: (row: number) => void): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([signature, headerChunk({ width, height, colorType: 2, bitDepth: 8 })])
  const rows = 100
  const block = Buffer.alloc(rows * (1 + width * 3))
  if (noisiness > 0) block.set(noiseBytes(block.length, 1))
  for (let row = 0; row < rows; row += 1) block[row * (1 + width * 3)] = row % 5
  const deflate = createDeflate({ level: noisiness > 0 ? 0 : 1 })
  const write = async () => {
    for (let at = 0; at < height; at += rows) {
      if (!deflate.write(block)) await new Promise(resolve => deflate.once('drain', resolve))
      onRead(at)
    }
    deflate.end()
  }
  const written = write()
  for await (const data of deflate) yield chunk('IDAT', data)
  await written
  yield chunk('IEND')
}
