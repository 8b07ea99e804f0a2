import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'

/** What fails to end by then hangs. */
const timeoutMs = 240_000

const groups = [
  { atOnce: 3, files: ['{libs,test}/**/*.test.ts', 'apps/!(darkroom)/test/**/*.test.ts'] },
  // The whole of Darkroom, in processes of its own.
  { atOnce: 2, files: ['apps/darkroom/test/*.test.ts'] },
  // Bounds in seconds and bytes that hold for users: measured with nothing beside.
  { atOnce: 1, files: ['apps/darkroom/test/alone/*.test.ts'] },
]

// Hundreds of processes start here; half of the time that takes is compiling.
const env = { NODE_COMPILE_CACHE: join(process.cwd(), 'node_modules/.cache/compiled'), ...process.env }

// A failure ends no other group: all that fails is to be seen in one run.
const results = groups.map(({ atOnce, files }) =>
  run('--test', `--test-timeout=${timeoutMs}`, `--test-concurrency=${atOnce}`, ...files),
)
results.push(run('libs/testing/src/engines/say-left-out.ts'))
process.exitCode = results.every(isRight => isRight) ? 0 : 1

/** Whether it ended well. */
function run(...args: string[]): boolean {
  const { status, error } = spawnSync(process.execPath, args, { env, stdio: 'inherit' })
  if (error !== undefined) throw error
  return status === 0
}
