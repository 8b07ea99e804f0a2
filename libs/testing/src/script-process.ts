import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

export interface ScriptProcess {
  /** Every whole line that it printed so far. */
  readonly lines: readonly string[]
  /** SIGKILL; resolves when the process is gone and all that it printed is read. */
  kill(): Promise<void>
}

/** Runs a script in a Node process of its own, which is killed at the latest when the test has ended. */
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
