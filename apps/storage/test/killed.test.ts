import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { temporaryFolder, until } from '@darkroom/testing'
import { assertAllThere, keepPutting, sizesOfPuts } from './acknowledged-puts.ts'
import { startStorage } from './storage-process.ts'

for (const [which, sizes] of Object.entries(sizesOfPuts))
  test(`kill -9 while writing ${which}: every acknowledged blob is complete, and no temporary file remains`, async t => {
    const folder = temporaryFolder(t)
    for (const round of ['first', 'second']) {
      const storage = await startStorage(t, { folder })
      const puts = keepPutting(storage.url, round, sizes)
      await until('some blobs are acknowledged', () => puts.acknowledged.size >= 30)
      storage.signal('SIGKILL')
      await storage.ended
      await puts.ended

      const again = await startStorage(t, { folder })
      assert.deepEqual(temporaryFilesIn(folder), [])
      await assertAllThere(again.url, puts.acknowledged)
      again.signal('SIGTERM')
      assert.equal((await again.ended).code, 0)
    }
  })

function temporaryFilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.tmp'))
}
