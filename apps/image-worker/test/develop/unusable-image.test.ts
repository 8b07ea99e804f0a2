import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { undecodableImage } from '../../src/develop/unusable-image.ts'
import { chunk, headerChunk, signature } from '../permute/png/png-assembler.ts'
import { run } from './run.ts'

test('an error names the damage alone, whatever the decoder adds about its output', async () => {
  const noise = { type: 'gaussian', mean: 128, sigma: 50 } as const
  const whole = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#888', noise } })
    .png()
    .toBuffer()
  for (const operations of ['flip', 'format:png', 'format:webp'])
    await assert.rejects(run(whole.subarray(0, -300), operations), {
      code: 'undecodable-image',
      message: 'the PNG is cut off or damaged: the IDAT chunk is cut off',
    })
})

test('an error begins with the format, and has the reason without names of libraries', async () => {
  const picture = sharp({ create: { width: 64, height: 64, channels: 3, background: '#888' } })
  const tiff = await picture.clone().tiff({ compression: 'lzw', predictor: 'none' }).toBuffer()
  const damaged = Buffer.from(tiff)
  damaged.fill(0xff, 8, 40)
  const jpeg = await picture.clone().jpeg({ progressive: true }).toBuffer()
  const scan = jpeg.indexOf(Buffer.of(0xff, 0xda))
  const withoutScan = Buffer.concat([
    jpeg.subarray(0, scan),
    jpeg.subarray(jpeg.indexOf(Buffer.of(0xff, 0xda), scan + 2)),
  ])
  for (const [file, format] of [
    [damaged, 'TIFF'],
    [withoutScan, 'JPEG'],
  ] as const)
    for (const operations of ['swap-channels:bgr', 'flip', 'format:webp'])
      await assert.rejects(run(file, operations), (error: Error) => {
        assert.match(
          error.message,
          new RegExp(`^the ${format} is damaged, or of a kind that is not supported: [A-Z][a-z]`),
        )
        assert.doesNotMatch(error.message, /vips/i)
        return true
      })
})

test('an error of a TIFF leaves out the row if libtiff does not name it', () => {
  const words = 'the TIFF is damaged, or of a kind that is not supported: Read error'
  for (const place of ['scanline 4294967295', 'row 4294967295, col 4294967295', 'scanline 7']) {
    const { message } = undecodableImage(new Error(`Read error at ${place}; got 8 bytes`), 'tiff')
    assert.equal(message, `${words}${place === 'scanline 7' ? ` at ${place}` : ''}; got 8 bytes`)
  }
})

test('an error of a PNG names the chunk or the data that decoders refuse', async () => {
  const shape = { width: 2, height: 1, bitDepth: 8 }
  const [rgb, palette] = [headerChunk({ ...shape, colorType: 2 }), headerChunk({ ...shape, colorType: 3 })]
  const image = chunk('IDAT', deflateSync(Uint8Array.of(0, 1, 2, 3, 4, 5, 6)))
  const indexes = chunk('IDAT', deflateSync(Uint8Array.of(0, 0, 0)))
  const end = chunk('IEND')
  const damaged = Buffer.from(image)
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
  const faults: Record<string, Buffer[]> = {
    'the CRC of the IDAT chunk does not match': [rgb, damaged, end],
    'there are two IHDR chunks': [rgb, rgb, image, end],
    'the critical chunk ABCD is unknown': [rgb, chunk('ABCD'), image, end],
    'the palette is missing': [palette, indexes, end],
    'there are two palettes': [palette, ...[1, 2].map(() => chunk('PLTE', Buffer.alloc(3))), indexes, end],
    'the palette is not whole colours': [palette, chunk('PLTE', Buffer.alloc(7)), indexes, end],
    'the image data is interrupted by the tEXt chunk': [
      rgb,
      chunk('IDAT', image.subarray(8, 12)),
      chunk('tEXt', Buffer.from('a\0b')),
      chunk('IDAT', image.subarray(12, -4)),
      end,
    ],
    'the image data is shorter than the header declares': [
      rgb,
      chunk('IDAT', deflateSync(Uint8Array.of(0, 1, 2, 3))),
      end,
    ],
    'the image data has a filter that is not defined': [
      rgb,
      chunk('IDAT', deflateSync(Uint8Array.of(5, 1, 2, 3, 4, 5, 6))),
      end,
    ],
    'image data: unexpected end of file': [rgb, chunk('IDAT', image.subarray(8, 12)), end],
    'image data: invalid block type': [rgb, chunk('IDAT', Buffer.of(0x78, 0x01, 0xff, 0xff)), end],
  }
  for (const [fault, chunks] of Object.entries(faults))
    for (const operations of ['swap-channels:bgr', 'flip', 'format:webp'])
      await assert.rejects(run(Buffer.concat([signature, ...chunks]), operations), {
        code: 'undecodable-image',
        message: `the PNG is cut off or damaged: ${fault}`,
      })
})
