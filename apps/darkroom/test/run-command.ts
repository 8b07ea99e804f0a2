import { Writable } from 'node:stream'
import { runCommandLine } from '../src/command-line.ts'

export interface Run {
  code: number
  stdout: string
  stderr: string
}

/**
 * Runs the command line to its end within this process, with these environment variables only. A process of its own
 * would load for most of its time; tests start one where the process matters: its output, its exit code, signals.
 */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { isTerminal = false } = {},
): Promise<Run> {
  const written = { stdout: '', stderr: '' }
  const collect = (name: keyof typeof written) =>
    new Writable({
      decodeStrings: false,
      write(text, _encoding, done) {
        written[name] += text
        done()
      },
    })
  const process = {
    argv: ['node', 'darkroom', ...args],
    env,
    stdout: collect('stdout'),
    stderr: Object.assign(collect('stderr'), { isTTY: isTerminal }),
    // Those of this process stay as they are: its signals and the mode of its files.
    once: () => undefined,
    umask: () => undefined,
  }
  const code = await runCommandLine(process as unknown as NodeJS.Process)
  return { code, ...written }
}
