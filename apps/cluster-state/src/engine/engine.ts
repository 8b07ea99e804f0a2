import type { Entry } from '@darkroom/crdt'

/** Stores the state and the id of a node. One process at a time. */
export interface StateStore {
  /** Random, created with the store, so a node that lost its disk comes back with another id. */
  readonly nodeId: string
  /** All saved entries. */
  load(): Promise<Entry[]>
  /** Atomic: each entry replaces the entry with its key; all are on disk when it resolves, or none if it rejects. */
  save(entries: readonly Entry[]): Promise<void>
  /** @throws StoreUnavailable while entries can't be saved */
  checkReady(): Promise<void>
  close(): Promise<void>
}
