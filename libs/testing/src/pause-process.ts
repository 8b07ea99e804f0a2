import { globSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { until } from './until.ts'

/** Sends SIGSTOP; resolves when every thread has stopped. SIGCONT resumes the process; SIGKILL still ends it. */
export async function pauseProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await until(`process ${pid} has stopped`, () => threadStates(pid).every(state => state === 'T'))
}

/** The state of a thread is one letter: proc_pid_stat(5). */
function threadStates(pid: number): string[] {
  return globSync(`/proc/${pid}/task/*/stat`).map(
    path => readFileSync(path, 'utf8').split(') ')[1]?.[0] ?? '',
  )
}
