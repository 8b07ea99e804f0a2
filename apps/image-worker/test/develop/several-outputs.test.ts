// Slow: it develops many files into several formats.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseOperations } from '@darkroom/contracts'
import { generateImage, imageKinds } from '@darkroom/testing'
import { develop } from '../../src/develop/develop.ts'
import { SharedOriginal } from '../../src/develop/shared-original.ts'
import { sample } from './heic/heif-assembler.ts'

const limits = { maxPixels: 50_000_000, maxUnpackedBytes: 512 * 1024 * 1024, processingMs: 60_000 }
/** Lists of operations such that each way of developing comes before and after others. */
const lists = [
  'swap-channels:bgr',
  'resize:30x30,format:webp',
  'flip,swap-channels:gbr',
  'pixelate:5,round:8',
  'resize:20x20,flop',
  'crop:10x10',
  'trim,greyscale',
  'swap-channels:rgb',
].map(parseOperations)

suite('several outputs of one original', () => {
  const heics = ['tile', 'camera', 'deep-alpha'].map(
    name => [`HEIC, ${name}`, () => sample(`${name}.heic`)] as const,
  )
  const generated = imageKinds.map(
    kind => [kind, () => generateImage({ kind, width: 65, height: 47, seed: 7 })] as const,
  )
  for (const [kind, make] of [...generated, ...heics]) {
    test(`several outputs of one original are the same as each alone: ${kind}`, async () => {
      const original = await make()
      const input = Buffer.from(original)
      const shared = new SharedOriginal()
      for (const operations of lists) {
        const together = await develop(input, operations, limits, undefined, shared)
        const alone = await develop(Buffer.from(original), operations, limits)
        assert.deepEqual(together.facts, alone.facts)
        assert.ok(Buffer.from(alone.bytes).equals(together.bytes), JSON.stringify(operations))
      }
      assert.ok(input.equals(original))
    })
  }

  test('a HEIC is unpacked once for all outputs', async () => {
    const input = Buffer.from(sample('deep-alpha.heic'))
    const shared = new SharedOriginal()
    await develop(input, parseOperations('flip'), limits, undefined, shared)
    // Its pixels are at the end of the file, and can't be unpacked any more.
    input.fill(0, input.length - 200)
    await assert.rejects(develop(input, parseOperations('flip'), limits))
    await develop(input, parseOperations('flip'), limits, undefined, shared)
  })

  test('several outputs of one original do not change while the next output is made', async () => {
    const input = await generateImage({ kind: 'png', width: 65, height: 47, seed: 7 })
    const shared = new SharedOriginal()
    const first = await develop(input, parseOperations('swap-channels:bgr'), limits, undefined, shared)
    const before = Buffer.from(first.bytes)
    for (const operations of lists) await develop(input, operations, limits, undefined, shared)
    assert.ok(before.equals(first.bytes))
  })

  test('several outputs of one original are counted in the memory that the next output reserves', async () => {
    const input = await generateImage({ kind: 'png', width: 65, height: 47, seed: 7 })
    const shared = new SharedOriginal()
    const reserved: number[] = []
    const reserve = async (bytes: number) => void reserved.push(bytes)
    const flip = parseOperations('flip')
    const { bytes } = await develop(input, flip, limits, reserve, shared)
    const first = reserved.splice(0)
    await develop(input, flip, limits, reserve, shared)
    assert.deepEqual(
      reserved,
      first.map(each => each + bytes.length),
    )
  })

  test('several outputs of one original fail if they are too large together', async () => {
    const input = await generateImage({ kind: 'png', width: 65, height: 47, seed: 7 })
    const tight = { ...limits, maxUnpackedBytes: 20_000 }
    const shared = new SharedOriginal()
    const make = () => develop(input, parseOperations('flip'), tight, undefined, shared)
    await assert.rejects(
      async () => {
        for (let n = 0; n < 8; n++) await make()
      },
      { message: /results take more than 20000 bytes together/ },
    )
  })
})
