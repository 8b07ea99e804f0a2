import { globSync } from 'node:fs'
import process from 'node:process'
import { quickFiles } from './quick-files.ts'
import { runTests } from './run-tests.ts'
import { inShards } from './shards.ts'

/** Each in a process of its own. */
const apart = (files: readonly string[]) => files.map(file => ({ files: [file] }))

const whole = globSync('apps/darkroom/test/*.test.ts')
const quick = quickFiles()
const others = globSync(['{libs,test}/**/*.test.ts', 'apps/!(darkroom)/test/**/*.test.ts']).filter(
  file => !quick.includes(file),
)
// Bounds in seconds and bytes that hold for users: measured with nothing beside.
const measured = globSync('apps/darkroom/test/alone/*.test.ts')

// The longest first, so that the processors end together.
const together = [...apart(whole), ...apart(others), ...inShards(quick).map(files => ({ files }))]
// A failure ends nothing else: all that fails is to be seen in one run.
const results = [await runTests(together), await runTests(apart(measured), { atOnce: 1 })]
await import('../libs/testing/src/engines/say-left-out.ts')
process.exitCode = results.every(isRight => isRight) ? 0 : 1
