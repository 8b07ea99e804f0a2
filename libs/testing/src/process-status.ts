import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { until } from './until.ts'

/** Why processes can't be looked at here, in words for a skipped test; false when they can. */
export const procIsMissing = existsSync('/proc/self/status') ? false : 'needs /proc'

/** The resident memory of a process, in bytes: now, and the most since it started or the peak was forgotten. */
export function residentMemory(pid: number): { now: number; peak: number } {
  return { now: kilobytes(pid, 'VmRSS') * 1024, peak: kilobytes(pid, 'VmHWM') * 1024 }
}

/** From here on, the peak is that of what comes (proc_pid_clear_refs(5)). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** For how long a process has to do next to nothing: at most a hundredth of a second, the unit of /proc's times. */
const idleMs = 250

/** Resolves when a process idles: what it started with, V8's compilers in the background too, is done. */
export async function untilIdle(pid: number): Promise<void> {
  let worked = processorTicks(pid)
  let since = performance.now()
  await until(`process ${pid} idles`, () => {
    const ticks = processorTicks(pid)
    if (ticks > worked + 1) {
      worked = ticks
      since = performance.now()
    }
    return performance.now() - since >= idleMs
  })
}

/** Whether there is such a process, and it isn't only waiting for its parent to hear of its end. */
export function isRunning(pid: number): boolean {
  try {
    return field(pid, 'State').startsWith('Z') === false
  } catch {
    return false
  }
}

/** The processes that a process has started. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** Of all threads, in user and in kernel mode: the 12th and 13th field behind the command's name (proc(5)). */
function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

function kilobytes(pid: number, name: string): number {
  return Number.parseInt(field(pid, name), 10)
}

function field(pid: number, name: string): string {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const value = new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1]
  if (value === undefined) throw new Error(`/proc/${pid}/status has no ${name}`)
  return value
}
