import { readdirSync, readFileSync } from 'node:fs'

/** Linux's /proc counts in units of 1/100 s (USER_HZ, fixed for user space). */
const msPerTick = 10

/** A process and all its descendants. */
export function processTree(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .flatMap(name => {
      const parent = parentOf(Number(name))
      return parent === undefined ? [] : [{ pid: Number(name), parent }]
    })
  const below = (root: number): number[] => [
    root,
    ...parents.filter(({ parent }) => parent === root).flatMap(child => below(child.pid)),
  ]
  return below(pid)
}

/** CPU time so far, user and system, including that of its ended children, in milliseconds. */
export function cpuMs(pid: number): number {
  const ticks = statFields(pid).slice(11, 15).map(Number)
  return ticks.reduce((sum, each) => sum + each, 0) * msPerTick
}

/** The peak of resident memory, in MiB. */
export function peakMemoryMiB(pid: number): number {
  return statusKiB(pid, 'VmHWM') / 1024
}

/** The resident memory, in KiB. */
export function residentKiB(pid: number): number {
  return statusKiB(pid, 'VmRSS')
}

function statusKiB(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1])
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(statFields(pid)[1])
  } catch {
    return undefined // it ended meanwhile
  }
}

/**
 * Fields of /proc/<pid>/stat after the command's name (proc(5)): state is 0, ppid 1; utime is 11, stime 12; 13 and 14 are
 * both times of ended children.
 */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}
