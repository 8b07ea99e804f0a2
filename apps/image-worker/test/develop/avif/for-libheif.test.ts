import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { drawn, inspectResult } from '../inspect.ts'
import { run } from '../run.ts'

test('an AVIF that declares its turn only for its colours has turned transparency, too', async () => {
  const result = await inspectResult(await run(await sample('turned-alpha'), 'format:png'))
  const [blue, red] = ['0000ff40', 'ff0000ff'].map(pixel => new Array(8).fill(pixel).join(' '))
  assert.deepEqual(drawn(result), [...new Array(8).fill(blue), ...new Array(8).fill(red)])
})

test('an AVIF sequence with a still image is developed as that image', async () => {
  const result = await inspectResult(await run(await sample('sequence'), 'swap-channels:bgr'))
  assert.deepEqual(new Set(drawn(result)), new Set([new Array(16).fill('ff0000ff').join(' ')]))
})

test('an AVIF sequence without a still image fails with this reason', async () => {
  const file = await sample('sequence')
  file.write('free', file.indexOf('meta'), 'latin1')
  await assert.rejects(run(file, 'flip'), /a sequence without a still image is not supported/)
})

function sample(name: string): Promise<Buffer> {
  return readFile(new URL(`${name}.avif`, import.meta.url))
}
