import assert from 'node:assert/strict'
import { httpRequest, sha256 } from '@darkroom/testing'
import { smallBytes } from '../src/engine/engine.ts'
import { MiB, patterned } from './content.ts'

interface Sizes {
  /** Two blobs in succession differ by this size. */
  stepBytes: number
  maxBytes: number
}

/** A file of more than 4 MiB is synced while it is still being written. */
export const sizesOfPuts: Readonly<Record<string, Sizes>> = {
  'blobs of up to 3 MB': { stepBytes: 70_001, maxBytes: 3_000_000 },
  'large blobs': { stepBytes: 700_001, maxBytes: 21 * MiB },
}

/**
 * Puts blobs of many sizes, every second of them small, four at a time and in separate chunks, until the storage is
 * killed. Keeps the digest of each acknowledged blob by its key.
 */
export function keepPutting(url: string, prefix: string, { stepBytes, maxBytes }: Sizes) {
  const acknowledged = new Map<string, string>()
  let n = 0
  const putOnAndOn = async () => {
    for (;;) {
      const key = `${prefix}-${n++}`
      const most = n % 2 === 0 ? smallBytes : maxBytes
      const bytes = patterned(1 + ((n * stepBytes) % most), n)
      const response = await httpRequest(url, `/images/${key}/pre`, { method: 'PUT', body: bytes })
      if (response.status !== 201) return
      acknowledged.set(key, sha256(bytes))
    }
  }
  const ended = Promise.allSettled([putOnAndOn(), putOnAndOn(), putOnAndOn(), putOnAndOn()])
  return { acknowledged, ended }
}

/** Checks that all acknowledged blobs are there, and that every other listed blob is complete, too. */
export async function assertAllThere(url: string, acknowledged: ReadonlyMap<string, string>): Promise<void> {
  const listed = (await httpRequest(url, '/images?stage=pre&limit=1000')).json().blobs as { key: string }[]
  const keys = new Set([...acknowledged.keys(), ...listed.map(({ key }) => key)])
  for (const key of keys) {
    const { status, headers, body } = await httpRequest(url, `/images/${key}/pre`)
    assert.equal(status, 200, `${key} is there`)
    assert.equal(headers.etag, `"${sha256(body)}"`, `${key} is whole`)
    if (acknowledged.has(key)) assert.equal(sha256(body), acknowledged.get(key), `${key} is what was put`)
  }
}
