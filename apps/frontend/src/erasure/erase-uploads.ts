import { UploadRecord, uploadPrefixOf } from '@darkroom/contracts'
import { createLogger, readJson, type ServiceClients } from '@darkroom/service-kit'
import { Pieces } from '../resumable/pieces.ts'

/** Deletes all unfinished uploads of an owner with their bytes. Returns how many there were. */
export async function eraseUploads(
  { kv, storage }: Pick<ServiceClients, 'kv' | 'storage'>,
  owner: string,
): Promise<number> {
  const pieces = new Pieces(storage, createLogger('darkroom', 'silent'))
  const prefix = uploadPrefixOf(owner)
  let count = 0
  for (;;) {
    const { body } = await kv.listKeys({ querystring: { prefix, limit: 100 } })
    if (body.keys.length === 0) return count
    for (const { key, value } of body.keys) {
      await kv.deleteKey({ params: { '*': key }, headers: {} })
      const record = readJson(UploadRecord, Buffer.from(value, 'base64'))
      if (record) await pieces.delete(key.slice(prefix.length), record.pieces)
      count += 1
    }
  }
}
