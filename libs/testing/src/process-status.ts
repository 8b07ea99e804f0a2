import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { until } from './until.ts'

/** Why processes can't be examined on this machine; false when they can. */
export const procIsMissing = existsSync('/proc/self/status') ? false : 'needs /proc'

/** The resident memory of a process, in bytes: now, and its peak since the start or since the peak was reset. */
export function residentMemory(pid: number): { now: number; peak: number } {
  return { now: kilobytes(pid, 'VmRSS') * 1024, peak: kilobytes(pid, 'VmHWM') * 1024 }
}

/** Resets the peak to the present memory (proc_pid_clear_refs(5)). */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** A process is idle if it works for at most a hundredth of a second, the unit of /proc's times, in this time. */
const idleMs = 250

/** Resolves when a process is idle: the work of its start is done, also by V8's background compilers. */
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

/** Whether the process exists and is not a zombie. */
export function isRunning(pid: number): boolean {
  try {
    return !field(pid, 'State').startsWith('Z')
  } catch {
    return false
  }
}

/** The child processes of a process. */
export function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** The CPU time of all threads, user and kernel: the 12th and 13th field after the command's name (proc(5)). */
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
