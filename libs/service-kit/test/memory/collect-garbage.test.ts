import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

test('V8 accepts the same compiled code during the first collection as before', async () => {
  const program = fileURLToPath(new URL('collect-once.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [program])
  const [before, ...during] = JSON.parse(stdout) as number[]
  assert.ok(during.length > 0)
  for (const mark of during) assert.equal(mark, before)
})
