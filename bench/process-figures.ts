import { readFileSync } from 'node:fs'
import { childrenOf } from '@darkroom/testing'

/** Linux's /proc counts in units of 1/100 s (USER_HZ, fixed for user space). */
const msPerTick = 10

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(processTree)]
}

/** CPU time so far, user and system, including that of its ended children, in milliseconds. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Fields after the command's name (proc(5)): utime is 11, stime 12; 13 and 14 are both times of ended children.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * msPerTick
}
