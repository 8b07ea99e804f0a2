import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { BlobId, BlobStore, PutOptions } from '../../src/engine/engine.ts'
import { asStream } from '../content.ts'

/** Makes an empty store, which is closed with the test. */
export type OpenEngine = (t: TestContext) => Promise<BlobStore>

export const id: BlobId = { key: 'a-key', stage: 'pre' }
export const png: PutOptions = { contentType: 'image/png', fence: 0 }

export async function opened(store: BlobStore, which = id) {
  const found = await store.open(which)
  assert.ok(found, `${which.key}/${which.stage} is there`)
  return found
}

export async function describe(store: BlobStore, which = id) {
  await using found = await opened(store, which)
  return found.blob
}

export async function read(store: BlobStore, which = id): Promise<Buffer> {
  await using found = await opened(store, which)
  return await buffer(asStream(found.read({ start: 0, end: found.blob.bytes - 1 })))
}

export async function listAll(store: BlobStore): Promise<string[]> {
  const pages = await Promise.all([store.list('pre', { limit: 1000 }), store.list('post', { limit: 1000 })])
  return pages.flatMap(({ blobs }) => blobs.map(({ key }) => key))
}
