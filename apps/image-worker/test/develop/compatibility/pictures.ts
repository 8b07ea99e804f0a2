import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { generatedPhoto } from '../../generated-photo.ts'
import { chunk, withChunks } from '../../permute/png/png-assembler.ts'
import { traces } from '../metadata-traces.ts'

export const [width, height] = [64, 48]

/** A small photograph, to be encoded. */
export function photo() {
  return generatedPhoto({ width, height, seed: 3 })
}

/** A file in `test/develop`. */
export function fixture(path: string): Promise<Buffer> {
  return readFile(new URL(`../${path}`, import.meta.url))
}

/** A photograph whose transparency goes from left to right, through all levels. */
export function graded() {
  const alpha = Uint8Array.from({ length: width * height }, (_, at) =>
    Math.round(((at % width) / (width - 1)) * 255),
  )
  return photo().joinChannel(Buffer.from(alpha), { raw: { width, height, channels: 1 } })
}

/** A ramp of 16 bits a sample. */
export function deep() {
  const ramp = Uint16Array.from({ length: width * height * 3 }, (_, at) => (at * 21) % 65536)
  return sharp(ramp, { raw: { width, height, channels: 3 } }).toColourspace('rgb16')
}

export async function commentedPng(): Promise<Buffer> {
  const png = await photo().png().toBuffer()
  const text = chunk('tEXt', Buffer.from(`Comment\0${traces.comment}`, 'latin1'))
  return withChunks(png, text)
}

export async function animatedGif(): Promise<Buffer> {
  const frames = [await page('#f00'), await page('#0f0'), await page('#00f')]
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [40, 80, 120], loop: 3 })
    .toBuffer()
}

/** A page of one colour. Pages must differ, because some encoders merge equal ones. */
export function page(background: string): Promise<Buffer> {
  const create = { width, height, channels: 3 as const, background }
  return sharp({ create }).png().toBuffer()
}
