import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { httpRequest, temporaryFolder } from '@darkroom/testing'
import { MiB } from './content.ts'
import { startStorage } from './storage-process.ts'

const isLinux = process.platform === 'linux'

/** The most memory that a process ever had resident, in bytes. */
function peakMemory(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  assert.ok(kilobytes !== undefined)
  return Number(kilobytes) * 1024
}

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  const chunk = Buffer.alloc(64 * 1024)
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk
}

test('an upload of 64 MiB takes at most 16 MiB of memory', { skip: !isLinux && 'needs /proc' }, async t => {
  const storage = await startStorage(t, { folder: temporaryFolder(t) })
  const put = (key: string, bytes: number) =>
    httpRequest(storage.url, `/images/${key}/pre`, { method: 'PUT', body: zeros(bytes) })
  await put('first', 4 * MiB) // code is compiled, and memory that is used again is there

  const before = peakMemory(storage.pid)
  assert.equal((await put('large', 64 * MiB)).status, 201)
  const taken = peakMemory(storage.pid) - before
  assert.ok(taken <= 16 * MiB, `took ${Math.round(taken / MiB)} MiB`)
})
