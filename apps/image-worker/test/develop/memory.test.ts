import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { deflateSync } from 'node:zlib'
import { parseOperations } from '@darkroom/contracts'
import { procIsMissing } from '@darkroom/testing'
import sharp, { type Sharp } from 'sharp'
import { develop } from '../../src/develop/develop.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { chunk, headerChunk, signature } from '../permute/png/png-assembler.ts'
import { workersAllocator } from './allocator-environment.ts'
import { long } from './animated-png.ts'
import { limits } from './run.ts'

const skip = procIsMissing
const mebibyte = 1024 * 1024

test('two photographs of 24 megapixels at once take at most 500 MB', { skip }, async t => {
  const [width, height] = [6000, 4000]
  const jpeg = generatedPhoto({ width, height, seed: 1 }).jpeg({ quality: 85 })
  const { peak = 0 } = await developIn('large', await jpeg.toBuffer())
  t.diagnostic(`${Math.round(peak / mebibyte)} MiB at most`)
  assert.ok(peak > 100 * mebibyte && peak <= 500_000_000, `${peak} bytes`)
})

test('memory is as high after 500 images as after 100', { skip }, async t => {
  const { early = 0, late = 0 } = await developIn('many')
  t.diagnostic(`${Math.round(early / mebibyte)} MiB after 100, ${Math.round(late / mebibyte)} MiB after 500`)
  assert.ok(early > 0 && late <= early * 1.15, `${early} bytes became ${late}`)
})

interface Development {
  operations: string
  size?: readonly [number, number]
  input: (photo: Sharp) => Sharp
}

const effort = 0
const large: Record<string, Development> = {
  'an AVIF whose channels are swapped': {
    operations: 'swap-channels',
    input: photo => photo.avif({ effort }),
  },
  'an AVIF of 10 bits': {
    operations: 'swap-channels',
    input: photo => photo.toColourspace('rgb16').avif({ effort, bitdepth: 10 }),
  },
  'an AVIF that becomes a JPEG': { operations: 'format:jpeg', input: photo => photo.avif({ effort }) },
  'a lossless WebP': {
    operations: 'flip',
    size: [2000, 1500], // without loss, WebP needs a second of the processor for each megapixel
    input: photo => photo.webp({ lossless: true, effort, quality: 1 }),
  },
  'a PNG that becomes a GIF': {
    operations: 'format:gif',
    input: photo => photo.png({ compressionLevel: 1 }),
  },
}

for (const [what, { operations, size: [width, height] = [3000, 2000], input }] of Object.entries(large))
  test(`${what} takes about as much memory as is reserved for it`, { skip }, async t => {
    const photo = generatedPhoto({ width, height, seed: 1 })
    const { taken = 0, reserved = 0 } = await developIn('alone', await input(photo).toBuffer(), operations)
    t.diagnostic(`${Math.round(taken / mebibyte)} MiB of ${Math.round(reserved / mebibyte)} MiB`)
    assert.ok(taken > 0.5 * reserved && taken <= 1.1 * reserved, `${taken} of ${reserved} bytes`)
  })

test('the part of 16-bit samples that catches the eye is found in less than 200 MB', { skip }, async t => {
  const photo = generatedPhoto({ width: 3000, height: 2000, seed: 1 }).toColourspace('rgb16')
  const png = await photo.png({ compressionLevel: 1 }).toBuffer()
  const { taken = 0 } = await developIn('alone', png, 'crop:1500x1000:attention')
  t.diagnostic(`${Math.round(taken / mebibyte)} MiB`)
  assert.ok(taken > 0 && taken < 200_000_000, `${taken} bytes`)
})

test('an animated PNG of 20 000 frames of one pixel takes less than 250 MB', { skip }, async t => {
  const { taken = 0 } = await developIn('alone', tinyFrames(20_000), 'swap-channels:bgr')
  t.diagnostic(`${Math.round(taken / mebibyte)} MiB`)
  assert.ok(taken > 0 && taken < 250_000_000, `${taken} bytes`)
})

function tinyFrames(frames: number): Buffer {
  const pixel = deflateSync(Buffer.of(0, 200, 100, 50))
  const control = (sequence: number) =>
    chunk('fcTL', Buffer.concat([long(sequence, 1, 1, 0, 0), Buffer.of(0, 1, 0, 30, 0, 0)]))
  const later = Array.from({ length: frames - 1 }, (_, index) => [
    control(2 * index + 1),
    chunk('fdAT', Buffer.concat([long(2 * index + 2), pixel])),
  ])
  return Buffer.concat([
    signature,
    headerChunk({ width: 1, height: 1, colorType: 2, bitDepth: 8 }),
    ...[chunk('acTL', long(frames, 0)), control(0), chunk('IDAT', pixel)],
    ...later.flat(),
    chunk('IEND'),
  ])
}

test('a lossless WebP reserves the same memory if format:auto chooses it', async () => {
  const [side, frames] = [400, 2]
  const raw = { width: side, height: frames * side, channels: 3, pageHeight: side } as const
  const drawing = Buffer.alloc(3 * side * frames * side).fill(255, 3 * side * side)
  const gif = await sharp(drawing, { raw }).gif().toBuffer()
  let reserved = 0
  const { facts } = await develop(gif, parseOperations('format:auto'), limits, async bytes => {
    reserved = bytes
  })
  assert.equal(facts.contentType, 'image/webp')
  assert.ok(reserved > 36 * side * side, `${reserved} bytes`)
})

interface Memory {
  taken?: number
  reserved?: number
  peak?: number
  early?: number
  late?: number
}

async function developIn(
  what: string,
  input: Uint8Array = new Uint8Array(),
  operations = '',
): Promise<Memory> {
  const script = fileURLToPath(new URL('develop-repeatedly.ts', import.meta.url))
  const child = spawn(process.execPath, [script, what, operations], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...workersAllocator },
  })
  child.stdin.end(input)
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  assert.equal(code, 0)
  return JSON.parse(printed) as Memory
}
