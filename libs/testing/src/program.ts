import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Owner } from './owner.ts'

export interface Program {
  readonly pid: number
  /** The whole output so far. */
  readonly stdout: string
  readonly stderr: string
  /** Sends a signal; does nothing when the program has ended. */
  signal(signal: NodeJS.Signals): void
  /** Resolves when the program has ended and its output is read. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** NODE_COMPILE_CACHE makes starts faster: a service spends half of its start compiling. */
const { PATH, NODE_COMPILE_CACHE } = process.env
const inherited = { PATH, NODE_COMPILE_CACHE }

/** Runs a program with these environment variables and those of `inherited` only; it is killed when the test ends. */
export function startProgram(
  owner: Owner,
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...env },
  })
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  owner.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? Number.NaN,
    get stdout() {
      return written.stdout
    },
    get stderr() {
      return written.stderr
    },
    signal: signal => child.kill(signal),
    ended,
  }
}
