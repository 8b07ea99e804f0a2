import { readFileSync } from 'node:fs'

/** How often to check whether npm is still running. */
const lookEveryMs = 250

/** The npm process that started this process and waits for it. */
interface WaitingNpm {
  /** Calls back once when npm, or the shell between it and this process, has ended. */
  onceGone(callBack: () => void): void
}

/**
 * Finds the npm (`npm start`, `npm run`, `npx`) whose script this process is. Returns undefined if another program started
 * the process, or if the process should continue without npm: it has its own process group, or was in the background when
 * its shell ended. Works only on Linux, by reading /proc.
 *
 *     npm ── sh -c "darkroom start" ── this process      npx: dash does not pass signals on
 *     npm ── this process                                a script that begins with `exec`
 */
export function startedByNpm(process: NodeJS.Process): WaitingNpm | undefined {
  if (process.platform !== 'linux' || process.env.npm_lifecycle_event === undefined) return undefined
  const { ppid } = process
  const self = readProcess(process.pid)
  const parent = readProcess(ppid)
  const npm = parent && isShellWithCommand(parent) ? readProcess(parent.ppid) : parent
  if (!npm?.title.startsWith('npm ') || npm.group !== self?.group) return undefined
  const isGone = () => process.ppid !== ppid || !isRunning(process, npm.pid)
  return {
    onceGone(callBack) {
      const looking = setInterval(() => {
        if (!isGone()) return
        clearInterval(looking)
        callBack()
      }, lookEveryMs).unref()
    },
  }
}

interface ProcessEntry {
  readonly pid: number
  readonly ppid: number
  readonly group: number
  /** Its arguments, separated by spaces, or the title that it set: `npm start`. */
  readonly title: string
}

/** Reads proc(5); undefined if the process has ended, or is hidden because it belongs to another user. */
function readProcess(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
    // The second field is the program's name in parentheses, which may contain spaces and parentheses.
    const [, ppid, group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { pid, ppid: Number(ppid), group: Number(group), title }
  } catch {
    return undefined
  }
}

function isShellWithCommand({ title }: ProcessEntry): boolean {
  return /^\S*sh -c /.test(title)
}

function isRunning(process: NodeJS.Process, pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
