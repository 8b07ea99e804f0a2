import { FileInUse, FolderInUse, UnusableFile } from '@darkroom/sqlite'
import { ExpectedFailure } from '../expected-failure.ts'
import { explanationOf } from './explain-store-error.ts'
import { placeOf } from './store-place.ts'

/**
 * Opens a store until the stack is disposed of, and sends it a request, because opening does not fail if the engine does
 * not answer.
 *
 * @throws ExpectedFailure that names the store
 */
export async function openStore<Store extends { close(): Promise<void> }>(
  url: string,
  stores: AsyncDisposableStack,
  open: () => Store | Promise<Store>,
  probe: (store: Store) => Promise<unknown>,
): Promise<Store> {
  try {
    const store = stores.adopt(await open(), store => store.close())
    await probe(store)
    return store
  } catch (cause) {
    if (cause instanceof FileInUse || cause instanceof FolderInUse) throw cause
    if (cause instanceof UnusableFile) throw new ExpectedFailure(cause.message, { cause })
    const message = explanationOf(cause)
    throw message === undefined ? cause : new ExpectedFailure(`${placeOf(url)}: ${message}`, { cause })
  }
}
