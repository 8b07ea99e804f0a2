import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { httpRequest, startObjectStore, temporaryFolder, withEngine } from '@darkroom/testing'
import { MiB } from './content.ts'
import { environmentOf, makeBucket } from './engine/s3/bucket.ts'
import { type StorageProcess, startStorage } from './storage-process.ts'

const isLinux = process.platform === 'linux'

/** The peak resident memory of a process, in bytes. */
function peakMemory(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  assert.ok(kilobytes !== undefined)
  return Number(kilobytes) * 1024
}

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
}

/** How many bytes the peak of memory grows during an upload of 64 MiB. */
async function takenByUpload(storage: StorageProcess): Promise<number> {
  const put = (key: string, bytes: number) =>
    httpRequest(storage.url, `/images/${key}/pre`, { method: 'PUT', body: zeros(bytes) })
  await put('first', 4 * MiB) // compiles the code, and allocates the memory that is reused

  const before = peakMemory(storage.pid)
  assert.equal((await put('large', 64 * MiB)).status, 201)
  return peakMemory(storage.pid) - before
}

await withEngine('s3', async program => {
  const server = await startObjectStore({ after }, program)

  // Three parts of 8 MiB: one is being filled, two are being sent.
  test('an upload of 64 MiB to S3 takes at most 40 MiB of memory', {
    skip: !isLinux && 'needs /proc',
  }, async t => {
    const env = environmentOf(await makeBucket(t, server))
    const taken = await takenByUpload(await startStorage(t, { env }))
    assert.ok(taken <= 40 * MiB, `took ${Math.round(taken / MiB)} MiB`)
  })
})

// This test is registered after the server has started: a test that ends before that would end the file.
test('an upload of 64 MiB takes at most 16 MiB of memory', { skip: !isLinux && 'needs /proc' }, async t => {
  const taken = await takenByUpload(await startStorage(t, { folder: temporaryFolder(t) }))
  assert.ok(taken <= 16 * MiB, `took ${Math.round(taken / MiB)} MiB`)
})
