// Not for test:quick: it measures memory.

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
  const { most, output } = await highWater(tallPng(1), 'bgr')
  assert.ok(output > 25 * mebibyte, `the test's image compresses to ${output} bytes: too few to measure`)
  assert.ok(most < 12 * mebibyte, `${(most / mebibyte).toFixed(1)} MiB in use`)
})

test('memory does not grow for an image that compresses a thousandfold', async () => {
  const { most } = await highWater(tallPng(0), 'gbr')
  assert.ok(most < 12 * mebibyte, `${(most / mebibyte).toFixed(1)} MiB in use`)
})

/** The most bytes held outside of the heap while the image streams, above those before; measured ten times a second. */
async function highWater(input: AsyncIterable<Uint8Array>, order: ChannelOrder) {
  const before = bytesInUse()
  let most = 0
  let output = 0
  const timer = setInterval(() => {
    most = Math.max(most, bytesInUse() - before)
  }, 100)
  for await (const piece of permutePng(input, order, { keepMetadata: false })) output += piece.length
  clearInterval(timer)
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

/** A tall RGB image that is generated as it is read. */
async function* tallPng(noisiness: number): AsyncGenerator<Uint8Array> {
  yield Buffer.concat([signature, headerChunk({ width, height, colorType: 2, bitDepth: 8 })])
  const rows = 100
  const block = Buffer.alloc(rows * (1 + width * 3))
  if (noisiness > 0) block.set(noiseBytes(block.length, 1))
  for (let row = 0; row < rows; row += 1) block[row * (1 + width * 3)] = row % 5
  const deflate = createDeflate({ level: noisiness > 0 ? 0 : 1 })
  const write = async () => {
    for (let at = 0; at < height; at += rows) {
      if (!deflate.write(block)) await new Promise(resolve => deflate.once('drain', resolve))
    }
    deflate.end()
  }
  const written = write()
  for await (const data of deflate) yield chunk('IDAT', data)
  await written
  yield chunk('IEND')
}
