import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export interface ScriptProcess {
  /** Every complete line of its output so far. */
  readonly lines: readonly string[]
  /** Kills by SIGKILL; resolves when the process has ended and its output is read. */
  kill(): Promise<void>
}

/** Runs a script in its own Node process, which is killed when the test ends. */
export function startScript(t: TestContext, script: URL, ...args: string[]): ScriptProcess {
  const child = spawn(process.execPath, [fileURLToPath(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  const reader = createInterface(child.stdout).on('line', line => lines.push(line))
  const ended = Promise.all([once(child, 'exit'), once(reader, 'close')])
  const kill = async () => {
    child.kill('SIGKILL')
    await ended
  }
  t.after(kill)
  return { lines, kill }
}
