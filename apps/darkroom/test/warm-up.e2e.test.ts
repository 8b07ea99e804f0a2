import assert from 'node:assert/strict'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { commandLine, freePortRange, startProgram, temporaryFolder, until } from '@darkroom/testing'
import { warmUp } from '../scripts/warm-up.ts'

test('a start after the warm-up compiles nothing, and loads only what it needs', async t => {
  const folder = temporaryFolder(t)
  const cache = { NODE_COMPILE_CACHE: join(folder, 'cache') }
  assert.ok(await warmUp({ ...process.env, ...cache }))
  const darkroom = startProgram(t, [process.execPath, commandLine, 'start'], {
    ...cache,
    DATA_DIR: join(folder, 'data'),
    PORT: String(await freePortRange(7)),
    NODE_DEBUG_NATIVE: 'COMPILE_CACHE',
  })
  await until('Darkroom is ready', () => darkroom.stdout.includes('Darkroom is ready'))
  darkroom.signal('SIGTERM')
  await darkroom.ended
  const lines = darkroom.stderr.split('\n')
  const matching = (pattern: RegExp) => lines.filter(line => pattern.test(line))
  assert.ok(matching(/was accepted/).length > 500)
  assert.deepEqual(matching(/was rejected|writing cache for/), [])
  // Each takes tens of milliseconds. Engines other than the embedded ones load their clients when they are opened.
  const needless = /node_modules\/(@opentelemetry|bullmq|ioredis|pg|@aws-sdk|@msgpack)\/|\/undici\/index\.js/
  assert.deepEqual(matching(needless), [])
})
