import { spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import type { TestContext } from 'node:test'
import { mountsAreMissing } from './mount-namespace.ts'
import { pauseProcess } from './pause-process.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { until } from './until.ts'

/** A file system in a file of 512 MiB, which one process at a time can mount. */
export interface DiskImage {
  /** The folder where `mount` mounts it, in the mount namespace of that process. */
  readonly mounted: string
  /** A shell command. */
  readonly mount: string
  /**
   * Discards all data that the kernel has not written to the disk yet, and kills the process that mounted it.
   *
   * The process is stopped first: a sync that is running while ext4 shuts down may report success although its data is lost.
   * (11 of 120 cuts of a bare loop of pwrite and fdatasync; 0 of 120 after a stop.) A real cut stops both at once.
   */
  cutPower(pid: number): Promise<void>
  /** Makes it read-only, as Linux does after an error of the disk (`errors=remount-ro`). */
  makeReadOnly(pid: number): void
  /** Resolves when no process has it mounted. */
  released(): Promise<void>
}

/** Why tests can't cut the power of a disk on this machine; false when they can. */
export function powerCutsAreMissing(): string | false {
  const tools = ['python3', 'mkfs.ext4', 'losetup'].filter(tool => spawnSync('which', [tool]).status !== 0)
  if (tools.length > 0) return `needs ${tools.join(', ')}`
  return mountsAreMissing() || (spawnSync('losetup', ['--find']).status !== 0 && 'needs loop devices')
}

/** FS_IOC_SHUTDOWN, without flushing the journal. */
const shutDown = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))
`

export function makeDiskImage(t: TestContext): DiskImage {
  const folder = temporaryFolder(t)
  const image = join(folder, 'disk.img')
  const mounted = join(folder, 'mounted')
  mkdirSync(mounted)
  writeFileSync(image, '')
  truncateSync(image, 512 * 1024 * 1024)
  run('mkfs.ext4', '-q', image)
  return {
    mounted,
    mount: `mount -o loop ${image} ${mounted}`,
    async cutPower(pid) {
      await pauseProcess(pid)
      run('python3', '-c', shutDown, join(`/proc/${pid}/root`, mounted))
      process.kill(pid, 'SIGKILL')
    },
    makeReadOnly(pid) {
      run('nsenter', '--mount', `--target=${pid}`, 'mount', '-o', 'remount,abort', mounted)
    },
    async released() {
      await until(
        'the disk is released',
        () => spawnSync('losetup', ['--associated', image]).stdout.length === 0,
      )
    },
  }
}

function run(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args)
  if (status !== 0) throw new Error(`${command}: ${stderr}`)
}
