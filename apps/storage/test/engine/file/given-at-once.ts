import { readHead } from '@darkroom/service-kit'
import { type BlobStore, type Content, smallBytes } from '../../../src/engine/engine.ts'

/** Passes small content to a store at once, as the service does. */
export function givenAtOnce(store: BlobStore): BlobStore {
  return {
    put: async (id, content, ...rest) => {
      const { whole } = await readHead(copied(content), smallBytes)
      return store.put(id, whole, ...rest)
    },
    copy: (from, to) => store.copy(from, to),
    open: (id, options) => store.open(id, options),
    delete: (id, condition) => store.delete(id, condition),
    list: (stage, page) => store.list(stage, page),
    disk: () => store.disk(),
    checkReady: () => store.checkReady(),
    close: () => store.close(),
  }
}

/** Chunks in memory of their own, as the memory of the given chunks may be reused. */
async function* copied(content: Content): AsyncGenerator<Uint8Array> {
  for await (const chunk of content instanceof Uint8Array ? [content] : content) yield Uint8Array.from(chunk)
}
