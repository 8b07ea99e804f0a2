import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { freePortRange } from '../libs/testing/src/free-port-range.ts'
import { env } from './run-tests.ts'

/** The number of ports of a Darkroom. */
const portCount = 7
const readyWords = 'Darkroom is ready'

/**
 * Starts Darkroom once and shuts it down, which puts all its modules into the compile cache. Most tests kill their
 * processes, and a killed process puts nothing there. Without this, each start of a first run would compile.
 */
export async function warmUp(): Promise<void> {
  const settings = {
    PATH: env.PATH,
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE,
    DATA_DIR: join(env.TMPDIR, 'warm-up'),
    PORT: String(await freePortRange(portCount)),
  }
  const child = spawn(process.execPath, ['apps/darkroom/bin/darkroom.js', 'start'], {
    env: settings,
    timeout: 60_000, // without a warm-up, tests are only slower
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const wasReady = output.includes(readyWords)
    output += text
    if (!wasReady && output.includes(readyWords)) child.kill('SIGTERM') // a second signal would end it at once
  })
  const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
  child.once('error', reject).once('close', () => resolve())
  await ended
}
