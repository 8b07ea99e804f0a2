import { globSync } from 'node:fs'
import process from 'node:process'
import { warmUp } from '../apps/darkroom/scripts/warm-up.ts'
import { env, runTests } from './run-tests.ts'
import { inShards } from './shards.ts'
import { sharedFiles } from './shared-files.ts'

/**
 * The files that take longest, often because they wait. They begin first, and short files last, so that all processes end at
 * about the same time.
 */
const longest = [
  'apps/web/test/page.browser.test.ts',
  'apps/cluster-state/test/membership/serf/hosts.test.ts',
  'apps/cluster-state/test/cluster/nodes.test.ts',
  'apps/cluster-state/test/cluster/copied-folder.test.ts',
  'apps/darkroom/test/images.e2e.test.ts',
  'apps/darkroom/test/engines.e2e.test.ts',
  'apps/darkroom/test/supervisors.e2e.test.ts',
  'apps/darkroom/test/flow.e2e.test.ts',
  'apps/darkroom/test/migrate.e2e.test.ts',
  'apps/darkroom/test/command-line.e2e.test.ts',
  'apps/darkroom/test/outages.e2e.test.ts',
  'apps/image-master/test/queue/bullmq/redis-refusals.test.ts',
  'apps/image-worker/test/develop/hostile.test.ts',
  'apps/image-worker/test/develop/memory.test.ts',
  'apps/storage/test/engine/s3/faults.test.ts',
  'apps/task-db/test/engine/postgres/failover.test.ts',
]
/** Slow files take so long that fewer of them share a process. */
const slowFilesPerProcess = 6
/** Runs each file in a separate process. */
const apart = (files: readonly string[]) => files.map(file => ({ files: [file] }))

// Tests that measure memory run alone. Tests that measure seconds mostly wait, so they run together, without other load.
const memory = globSync('apps/darkroom/test/memory/*.test.ts')
const timed = globSync('apps/darkroom/test/timed/*.test.ts')
const { quick, slow } = sharedFiles()
const others = globSync(['{apps,libs}/*/test/**/*.test.ts', 'test/*.test.ts']).filter(
  file => ![memory, timed, quick, slow].some(files => files.includes(file)),
)
const together = [
  ...apart(longest.filter(file => others.includes(file))),
  ...inShards(slow, slowFilesPerProcess).map(files => ({ files })),
  ...inShards(quick).map(files => ({ files })),
  ...apart(others.filter(file => !longest.includes(file))),
]

await warmUp(env)
// A failure does not end the run, so that one run shows all failures.
const results = [
  await runTests(together),
  await runTests(apart(memory), { atOnce: 1 }),
  await runTests(apart(timed)),
]
await import('../libs/testing/src/engines/print-missing-engines.ts')
process.exitCode = results.every(isRight => isRight) ? 0 : 1
