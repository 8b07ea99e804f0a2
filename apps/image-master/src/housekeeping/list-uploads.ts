import { uploadPrefix } from '@darkroom/contracts'
import { type KvClient, keysUnder } from '@darkroom/service-kit'

/** The ids of the resumable uploads that are not finished. */
export async function listUploads(kv: KvClient): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for await (const { key } of keysUnder(kv, uploadPrefix)) ids.add(key.slice(key.lastIndexOf('/') + 1))
  return ids
}
