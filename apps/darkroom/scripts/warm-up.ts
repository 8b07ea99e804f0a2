import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { freePortRange } from '../../../libs/testing/src/free-port-range.ts'

/** The number of ports of a Darkroom. */
const portCount = 7
const readyWords = 'Darkroom is ready'
const bin = fileURLToPath(new URL('../bin/darkroom.js', import.meta.url))

/**
 * Starts Darkroom once and shuts it down, which puts all its modules into the compile cache. Runs at every `npm install`, so
 * that the first start is as fast as later starts. Also runs before the tests: most of them kill their processes, and a
 * killed process doesn't fill the cache.
 *
 * @returns whether it started; without a warm-up, starts are only slower
 */
export async function warmUp({ PATH, NODE_COMPILE_CACHE }: NodeJS.ProcessEnv): Promise<boolean> {
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-warm-up-'))
  try {
    const env = { PATH, NODE_COMPILE_CACHE, DATA_DIR: dataDir, PORT: String(await freePortRange(portCount)) }
    const child = spawn(process.execPath, [bin, 'start'], {
      env,
      timeout: 60_000,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const wasReady = output.includes(readyWords)
      output += text
      if (!wasReady && output.includes(readyWords)) child.kill('SIGTERM') // a second signal would end it at once
    })
    await once(child, 'close')
    return child.exitCode === 0
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

if (import.meta.main && !(await warmUp(process.env)))
  process.stderr.write(
    'the cache of compiled code could not be filled, so the first start will be slower; npm start shows the reason\n',
  )
