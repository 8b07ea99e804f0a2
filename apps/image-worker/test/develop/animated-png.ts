import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { assemblePng, chunk, splitChunks } from '../permute/png/png-assembler.ts'

const [width, height] = [6, 4]

/** Three frames: the whole canvas; a part blended over it, then reverted; a part that replaces what is there. */
export function animatedPng(): Buffer {
  const png = assemblePng({ width, height, colorType: 6, bitDepth: 8, samples: samplesOf(width, height, 1) })
  const [head, image] = splitChunks(png)
  assert.ok(head && image)
  const part = (seed: number) => deflateSync(rowsOf(3, 2, seed))
  return Buffer.concat([
    png.subarray(0, 8),
    head.whole,
    chunk('acTL', long(3, 7)),
    chunk('fcTL', Buffer.concat([long(0, width, height, 0, 0), Buffer.of(0, 1, 0, 30, 0, 0)])),
    image.whole,
    chunk('fcTL', Buffer.concat([long(1, 3, 2, 2, 1), Buffer.of(0, 3, 0, 2, 2, 1)])),
    chunk('fdAT', Buffer.concat([long(2), part(2)])),
    chunk('fcTL', Buffer.concat([long(3, 3, 2, 3, 2), Buffer.of(0, 10, 0, 0, 1, 0)])),
    chunk('fdAT', Buffer.concat([long(4), part(3)])),
    chunk('IEND'),
  ])
}

/** Unpremultiplied colours, some of them transparent; none where a pixel would be fully transparent. */
function samplesOf(width: number, height: number, seed: number): number[] {
  return Array.from({ length: width * height * 4 }, (_, at) =>
    at % 4 === 3 ? ([255, 255, 128, 64][(at + seed) % 3] ?? 255) : (at * 37 * seed) % 256,
  )
}

function rowsOf(width: number, height: number, seed: number): Buffer {
  const samples = samplesOf(width, height, seed)
  return Buffer.concat(
    Array.from({ length: height }, (_, row) =>
      Buffer.from([0, ...samples.slice(row * 4 * width, (row + 1) * 4 * width)]),
    ),
  )
}

/** Image data of this size that differs from the first frame's. */
export function still(seed: number): Buffer {
  return deflateSync(rowsOf(width, height, seed))
}

export function long(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number, 4 * index)
  return bytes
}
