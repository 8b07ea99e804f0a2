import { globSync, readFileSync } from 'node:fs'
import type { Program } from './program.ts'
import { until } from './until.ts'

/** Sends SIGSTOP; resolves when every thread has stopped. SIGCONT resumes the program; SIGKILL still ends it. */
export async function pauseProgram(program: Program): Promise<void> {
  program.signal('SIGSTOP')
  await until(`process ${program.pid} has stopped`, () =>
    threadStates(program.pid).every(state => state === 'T'),
  )
}

/** The state of a thread is one letter: proc_pid_stat(5). */
function threadStates(pid: number): string[] {
  return globSync(`/proc/${pid}/task/*/stat`).map(
    path => readFileSync(path, 'utf8').split(') ')[1]?.[0] ?? '',
  )
}
