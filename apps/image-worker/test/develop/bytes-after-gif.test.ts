import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { upToTrailer } from '../../src/develop/gif/up-to-trailer.ts'
import { application, assembleGif, comment, plainText } from '../permute/gif/gif-assembler.ts'
import { assertSame, inspect, inspectResult } from './inspect.ts'
import { picturesWithMetadata } from './metadata-traces.ts'
import { run } from './run.ts'

const palette = Uint8Array.from({ length: 12 }, (_, at) => 20 * at)
const frame = { width: 4, height: 3, indexes: [0, 1, 2, 3, 3, 2, 1, 0, 0, 1, 2, 3], codeBits: 2 }
const control = { delay: 5, disposal: 1 }
const animation = assembleGif({
  ...{ width: 4, height: 3, palette, loop: 0 },
  frames: [
    { ...frame, control },
    { ...frame, control, indexes: frame.indexes.toReversed() },
  ],
})
const { gif: withXmp = Buffer.alloc(0) } = await picturesWithMetadata()
const before = (extension: Buffer) =>
  Buffer.concat([animation.subarray(0, -1), extension, animation.subarray(-1)])

const files: Record<string, Buffer> = {
  nothing: animation,
  'its own XMP': withXmp,
  'a comment': before(comment('made by hand')),
  'a private application extension': before(application('DARKROOM1.0', Buffer.alloc(300, 7))),
  'plain text': before(plainText('text')),
}
const after: Record<string, Buffer> = {
  zeros: Buffer.alloc(64),
  'a script': Buffer.from('<script>alert("GIF")</script>'),
  'another GIF': animation,
  'bytes that begin like a frame': Buffer.from([0x2c, ...new Array(64).fill(1)]),
}

for (const [extension, gif] of Object.entries(files)) {
  for (const [words, more] of Object.entries(after)) {
    test(`a GIF that ends in ${extension}, with ${words} after its end, is developed without them`, async () => {
      const longer = Buffer.concat([gif, more])
      for (const operations of ['flip', 'swap-channels', 'format:webp', 'flip,metadata:keep']) {
        const [result, expected] = [await run(longer, operations), await run(gif, operations)]
        assertSame(await inspectResult(result), await inspectResult(expected), operations)
        assert.deepEqual(Buffer.from(result.bytes), Buffer.from(expected.bytes), operations)
      }
    })
  }
}

test('a GIF is cut only after its trailer', async () => {
  for (const gif of Object.values(files)) {
    const more = Buffer.from('more')
    assert.deepEqual(Buffer.from(upToTrailer(Buffer.concat([gif, more]))), gif)
    assert.equal((await inspect(upToTrailer(gif))).width, (await inspect(gif)).width)
  }
  const withoutTrailer = animation.subarray(0, -1)
  assert.equal(upToTrailer(withoutTrailer), withoutTrailer)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(animation.length), (bytes, at) => {
      const damaged = Buffer.concat([animation.subarray(0, at), bytes])
      const cut = Buffer.from(upToTrailer(damaged))
      assert.deepEqual(cut, damaged.subarray(0, cut.length))
      assert.ok(cut.length === damaged.length || cut.at(-1) === 0x3b)
    }),
  )
})
