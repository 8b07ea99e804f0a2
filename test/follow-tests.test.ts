import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { test } from 'node:test'

// Not in the environment of this test, in which a run of tests writes for the run that started it.
const options = { cwd: new URL('..', import.meta.url), env: {}, encoding: 'utf8', timeout: 60_000 } as const

test('an error that nothing catches fails the test that caused it, although promises are not followed', () => {
  const files = ['test/run-files.ts', 'test/late-errors.ts', 'test/not-there.test.ts']
  const { stdout, status } = spawnSync(process.execPath, ['--test-reporter=tap', ...files], options)
  const ended = [...stdout.matchAll(/^ *(ok|not ok) \d+ - (\S+)/gm)].map(
    ([, result, name]) => `${result} ${name}`,
  )
  assert.deepEqual(ended, [
    'ok right:',
    'ok right:',
    ...Array.from({ length: 6 }, () => 'not ok wrong:'),
    'not ok several',
    'not ok test/not-there.test.ts', // a file that cannot be loaded
  ])
  assert.equal(status, 1)
})
