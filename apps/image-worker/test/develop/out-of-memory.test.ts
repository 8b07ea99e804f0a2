import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const isMissing =
  spawnSync('prlimit', ['--pid', String(process.pid), '--as']).status !== 0 && 'needs prlimit(1)'

test('an image for which the system has no memory does not count as damaged', { skip: isMissing }, () => {
  const script = fileURLToPath(new URL('develop-without-memory.ts', import.meta.url))
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  assert.match(stdout, /^error: .*out of memory/i, stderr)
})
