import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { mountsAreMissing, temporaryFolder, until } from '@darkroom/testing'
import { assertAllThere, keepPutting } from './acknowledged-puts.ts'
import { MiB } from './content.ts'
import { startStorage } from './storage-process.ts'

/** FS_IOC_SHUTDOWN, not flushing the journal: whatever the kernel hadn't written yet is gone, as in a power cut. */
const cutPower = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))
`

function powerCutsAreMissing(): string | false {
  const tools = ['python3', 'mkfs.ext4', 'losetup'].filter(tool => spawnSync('which', [tool]).status !== 0)
  if (tools.length > 0) return `needs ${tools.join(', ')}`
  return mountsAreMissing() || (spawnSync('losetup', ['--find']).status !== 0 && 'needs loop devices')
}

/** A file system in a file, to be mounted by one process at a time. */
function diskImage(t: TestContext) {
  const folder = temporaryFolder(t)
  const image = join(folder, 'disk.img')
  const mounted = join(folder, 'mounted')
  mkdirSync(mounted)
  writeFileSync(image, '')
  truncateSync(image, 512 * MiB)
  assert.equal(spawnSync('mkfs.ext4', ['-q', image]).status, 0)
  return {
    mounted,
    mount: `mount -o loop ${image} ${mounted}`,
    released: () =>
      until('the disk is released', () => spawnSync('losetup', ['--associated', image]).stdout.length === 0),
  }
}

test('a power cut while writing: every acknowledged blob is there, whole', {
  skip: powerCutsAreMissing(),
}, async t => {
  const disk = diskImage(t)
  const options = { folder: join(disk.mounted, 'data', 'storage'), mount: disk.mount }
  const storage = await startStorage(t, options)
  const puts = keepPutting(storage.url, 'blob')
  await until('some blobs are acknowledged', () => puts.acknowledged.size >= 15)
  const cut = spawnSync('python3', ['-c', cutPower, join(`/proc/${storage.pid}/root`, disk.mounted)])
  assert.equal(cut.status, 0, String(cut.stderr))
  await puts.ended
  storage.signal('SIGKILL')
  await storage.ended
  await disk.released()

  const again = await startStorage(t, options)
  await assertAllThere(again.url, puts.acknowledged)
  again.signal('SIGKILL')
  await again.ended
  await disk.released()
})
