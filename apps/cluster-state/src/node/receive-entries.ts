import { type Entry, keyOf } from '@darkroom/crdt'
import type { NodeContext } from './node-context.ts'
import { Nonsense } from './nonsense.ts'

/**
 * Takes what is newer of the entries that a peer sent, on disk when this resolves, and news to others then; answers
 * how many were taken. What another node knows of this node's own counts is taken over if it is more: the disk was put
 * back to an earlier state, and goes on from there.
 *
 * @throws Nonsense if there is no room for what is new: then nothing is taken
 */
export function receiveEntries(
  { ledger, limits: { maxEntries } }: Pick<NodeContext, 'ledger' | 'limits'>,
  entries: readonly Entry[],
): Promise<number> {
  if (entries.length === 0) return Promise.resolve(0)
  return ledger.write(draft => {
    const unknown = new Set(entries.map(keyOf).filter(key => !draft.get(key)))
    if (draft.size + unknown.size > maxEntries) {
      throw new Nonsense(`there is no room for ${unknown.size} more entries: ${maxEntries} are taken at most`)
    }
    return entries.filter(entry => draft.put(entry)).length
  })
}
