import type { KvEntry } from '../engine.ts'
import type { KeySpace } from './key-space.ts'
import { fromBase64, type KeyValue } from './messages.ts'
import { fromStored } from './stored-value.ts'

/** An entry as stored in etcd. */
export interface StoredEntry extends Pick<KvEntry, 'key' | 'value' | 'revision'> {
  /** The revision of the last write to the key, which transactions compare. */
  modRevision: string
  lease?: string
}

export function storedEntry(kv: KeyValue | undefined, keys: KeySpace): StoredEntry | undefined {
  if (!kv) return undefined
  const key = keys.read(kv.key)
  if (key === undefined) return undefined
  const { mod_revision: modRevision = '0', lease } = kv
  const { value, keptRevision = Number(modRevision) } = fromStored(fromBase64(kv.value))
  return {
    key,
    value,
    revision: keptRevision,
    modRevision,
    ...(lease !== undefined && { lease }),
  }
}

export function toEntry({ key, value, revision, lease }: StoredEntry): KvEntry {
  return { key, value, revision, isLeased: lease !== undefined }
}
