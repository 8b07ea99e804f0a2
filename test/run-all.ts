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

for (const { atOnce, files } of groups)
  run('--test', `--test-timeout=${timeoutMs}`, `--test-concurrency=${atOnce}`, ...files)
run('libs/testing/src/engines/say-left-out.ts')

function run(...args: string[]): void {
  const { status, error } = spawnSync(process.execPath, args, { env, stdio: 'inherit' })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}
