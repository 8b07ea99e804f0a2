import { Writable } from 'node:stream'
import { runCommandLine } from '../src/command-line.ts'

export interface Run {
  code: number
  stdout: string
  stderr: string
}

/**
 * Runs the command line to its end within this process, with only these environment variables. A separate process would
 * spend most of its time loading. Tests start a process only if its output, exit code or signals matter.
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
    // Does not change the signals of this process and the mode of its files.
    on: () => undefined,
    once: () => undefined,
    umask: () => undefined,
  }
  const code = await runCommandLine(process as unknown as NodeJS.Process)
  return { code, ...written }
}
