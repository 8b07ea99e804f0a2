import { InUse, UnusableFile } from '@darkroom/sqlite'
import { ExpectedFailure } from '../expected-failure.ts'
import { explanationOf } from './explain-store-error.ts'
import { placeOf } from './store-place.ts'

/**
 * Opens the two stores of a migration until the stack is disposed of, and sends each a request, because opening does not
 * fail if the engine does not answer.
 *
 * @throws InUse; ExpectedFailure that names the store
 */
export async function openStores<Store extends { close(): Promise<void> }>(
  urls: { from: string; to: string },
  stack: AsyncDisposableStack,
  open: (url: string) => Store | Promise<Store>,
  probe: (store: Store) => Promise<unknown>,
): Promise<{ from: Store; to: Store }> {
  const openOne = async (url: string) => {
    try {
      const store = stack.adopt(await open(url), store => store.close())
      await probe(store)
      return store
    } catch (cause) {
      throw explain(cause, url)
    }
  }
  return { from: await openOne(urls.from), to: await openOne(urls.to) }
}

function explain(cause: unknown, url: string): unknown {
  if (cause instanceof InUse) return cause
  if (cause instanceof UnusableFile) return new ExpectedFailure(cause.message, { cause })
  const message = explanationOf(cause)
  return message === undefined ? cause : new ExpectedFailure(`${placeOf(url)}: ${message}`, { cause })
}
