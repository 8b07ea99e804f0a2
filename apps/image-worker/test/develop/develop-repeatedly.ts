import { readFileSync } from 'node:fs'
import process from 'node:process'
import { buffer } from 'node:stream/consumers'
import { parseOperations } from '@darkroom/contracts'
import sharp from 'sharp'
import { allowOnlyOurLoaders } from '../../src/develop/allow-loaders.ts'
import { develop } from '../../src/develop/develop.ts'
import { collectGarbage } from '../collect-garbage.ts'
import { generatedPhoto } from '../generated-photo.ts'
import { limits, run } from './run.ts'

/*
 * A process that develops images like a worker's threads, two at a time, and prints the memory used as JSON.
 * `large` develops two photographs of 24 megapixels; `many` develops 500 images of all sizes up to half a megapixel;
 * `alone` develops one image with the operations that follow it.
 */

sharp.concurrency(1)
sharp.cache(false)
allowOnlyOurLoaders()

if (process.argv[2] === 'large') await developLarge()
else if (process.argv[2] === 'alone') await developAlone(process.argv[3] ?? '')
else await developMany()

async function developLarge(): Promise<void> {
  const file = await buffer(process.stdin)
  await Promise.all([run(file, 'swap-channels:bgr'), run(file, 'swap-channels:bgr')])
  print({ peak: kilobytes('VmHWM') * 1024 })
}

async function developAlone(operations: string): Promise<void> {
  const file = await buffer(process.stdin)
  await run(
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
      .avif()
      .toBuffer(),
    'flip',
  )
  const before = kilobytes('VmRSS') * 1024
  let reserved = 0
  await develop(file, parseOperations(operations), limits, async bytes => {
    reserved = bytes
  })
  print({ taken: kilobytes('VmHWM') * 1024 - before, reserved })
}

async function developMany(): Promise<void> {
  const files = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const [width, height] = [80 * (index + 1), 60 * (index + 1)]
      const image = generatedPhoto({ width, height, seed: index })
      const lossless = index % 4 === 3 ? image.png({ compressionLevel: 1 }) : image.webp({ effort: 0 })
      return index % 2 === 0 ? image.jpeg().toBuffer() : lossless.toBuffer()
    }),
  )
  const operations = ['swap-channels:bgr', 'resize:400x300', 'flip,swap-channels:gbr', 'swap-channels:bgr']
  const images = Array.from({ length: 500 }, (_, index) => ({
    file: files[(index * 7) % files.length] ?? Buffer.alloc(0),
    text: operations[index % operations.length] ?? 'flip',
  }))
  await developTwoAtOnce(images.slice(0, 100))
  const early = kilobytes('VmRSS') * 1024
  await developTwoAtOnce(images.slice(100))
  print({ early, late: kilobytes('VmRSS') * 1024 })
}

async function developTwoAtOnce(images: { file: Buffer; text: string }[]): Promise<void> {
  const rest = images.values()
  const work = async () => {
    for (const { file, text } of rest) await run(file, text)
  }
  await Promise.all([work(), work()])
  collectGarbage()
  collectGarbage()
}

function kilobytes(field: string): number {
  const line = readFileSync('/proc/self/status', 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))
  return Number(line?.[1])
}

function print(line: object): void {
  process.stdout.write(JSON.stringify(line))
}
