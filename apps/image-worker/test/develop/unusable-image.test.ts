import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { run } from './run.ts'

test('an error names the damage alone, whatever the decoder adds about its output', async () => {
  const whole = await readFile(new URL('mend/clean/arithmetic.jpeg', import.meta.url))
  for (const operations of ['flip', 'format:png', 'format:webp'])
    await assert.rejects(run(whole.subarray(0, -100), operations), {
      code: 'undecodable-image',
      message: 'VipsJpeg: premature end of JPEG image',
    })
})
