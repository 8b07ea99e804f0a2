import { join } from 'node:path'
import { test } from 'node:test'
import { makeDiskImage, powerCutsAreMissing, until } from '@darkroom/testing'
import { assertAllThere, keepPutting, sizesOfPuts } from './acknowledged-puts.ts'
import { startStorage } from './storage-process.ts'

for (const [which, sizes] of Object.entries(sizesOfPuts))
  test(`a power cut while writing ${which}: every acknowledged blob is complete`, {
    skip: powerCutsAreMissing(),
  }, async t => {
    const disk = makeDiskImage(t)
    const options = { folder: join(disk.mounted, 'data', 'storage'), mount: disk.mount }
    const storage = await startStorage(t, options)
    const puts = keepPutting(storage.url, 'blob', sizes)
    await until('some blobs are acknowledged', () => puts.acknowledged.size >= 30)
    await disk.cutPower(storage.pid)
    await puts.ended
    await storage.ended
    await disk.released()

    const again = await startStorage(t, options)
    await assertAllThere(again.url, puts.acknowledged)
    again.signal('SIGKILL')
    await again.ended
    await disk.released()
  })
