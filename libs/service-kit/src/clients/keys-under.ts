import type { KvClient } from './watch-prefix.ts'

/** Reads the keys under a prefix and their values, page by page, in byte order. */
export async function* keysUnder(
  kv: Pick<KvClient, 'listKeys'>,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<{ key: string; value: Buffer }> {
  let cursor: string | undefined
  do {
    const querystring = { prefix, limit: 1000, ...(cursor !== undefined && { cursor }) }
    const { body } = await kv.listKeys({ querystring, ...(signal && { signal }) })
    for (const { key, value } of body.keys) yield { key, value: Buffer.from(value, 'base64') }
    cursor = body.next
  } while (cursor !== undefined)
}

export async function deleteKeysUnder(
  kv: Pick<KvClient, 'deleteKey' | 'listKeys'>,
  prefix: string,
): Promise<void> {
  for await (const { key } of keysUnder(kv, prefix)) await kv.deleteKey({ params: { '*': key }, headers: {} })
}
