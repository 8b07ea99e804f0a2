import { uploadPrefix } from '@darkroom/contracts'
import type { KvClient } from '@darkroom/service-kit'

/** The ids of the resumable uploads that are not finished. */
export async function listUploads(kv: KvClient): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let cursor: string | undefined
  do {
    const { body } = await kv.listKeys({
      querystring: { prefix: uploadPrefix, limit: 1000, ...(cursor !== undefined && { cursor }) },
    })
    for (const { key } of body.keys) ids.add(key.slice(key.lastIndexOf('/') + 1))
    cursor = body.next
  } while (cursor !== undefined)
  return ids
}
