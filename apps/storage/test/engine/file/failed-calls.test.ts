// In its own process: the engine imports the functions of node:fs once, so they are replaced before it is imported.

import assert from 'node:assert/strict'
import fs, { readdirSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { temporaryFolder } from '@darkroom/testing'
import { inChunks, MiB, patterned } from '../../content.ts'

const { fsync, writev, closeSync } = fs
const failure = Object.assign(new Error('the disk is broken'), { code: 'EIO' })

/** How many further calls succeed before one fails. */
const left = { syncs: Number.POSITIVE_INFINITY, writes: Number.POSITIVE_INFINITY }
/** The calls in progress, by descriptor, and the descriptors that were closed meanwhile. */
const underWay: number[] = []
const closedTooEarly: number[] = []

const writevAsync = promisify(writev)
const replacedWrite = Object.assign(() => assert.fail('the engine promisifies writev'), {
  async [promisify.custom](file: number, buffers: Uint8Array[]) {
    underWay.push(file)
    const fails = left.writes-- === 0
    const written = await writevAsync(file, buffers)
    underWay.splice(underWay.indexOf(file), 1)
    if (fails) throw failure
    return written
  },
})
Object.assign(fs, {
  writev: replacedWrite,
  fsync(file: number, done: (error: Error | null) => void) {
    underWay.push(file)
    const fails = left.syncs-- === 0
    fsync(file, error => {
      underWay.splice(underWay.indexOf(file), 1)
      done(fails ? failure : error)
    })
  },
  closeSync(file: number) {
    if (underWay.includes(file)) closedTooEarly.push(file)
    closeSync(file)
  },
})
syncBuiltinESMExports()
const { FileBlobStore } = await import('../../../src/engine/file/file.ts')

const id = { key: 'a-key', stage: 'pre' } as const
const png = { contentType: 'image/png', fence: 0 }

suite('the file store, when a call fails once', () => {
  const failures: Record<string, Partial<typeof left>> = {
    'the sync of its first part': { syncs: 0 },
    'its last sync': { syncs: 2 },
    'its first write': { writes: 0 },
    'its last write': { writes: 20 },
  }
  for (const [what, counts] of Object.entries(failures)) {
    test(`the file store refuses a large blob if ${what} fails, leaves nothing, and closes its file`, async t => {
      const folder = temporaryFolder(t)
      const store = await FileBlobStore.open({ folder })
      t.after(() => store.close())
      Object.assign(left, counts)
      await assert.rejects(store.put(id, inChunks(patterned(10 * MiB)), png), failure)
      assert.equal(await store.open(id), undefined)
      assert.deepEqual(readdirSync(`${folder}/inProgress/writing`), [])
      assert.deepEqual(closedTooEarly, [])
      // The failure was the only one.
      assert.equal((await store.put(id, inChunks(patterned(10 * MiB)), png)).kind, 'stored')
    })
  }

  test('the file store closes the file of content that throws only when its write has ended', async t => {
    const store = await FileBlobStore.open({ folder: temporaryFolder(t) })
    t.after(() => store.close())
    async function* throwing() {
      yield patterned(MiB)
      throw failure
    }
    await assert.rejects(store.put(id, throwing(), png), failure)
    assert.deepEqual(closedTooEarly, [])
    assert.deepEqual(underWay, [])
  })
})
