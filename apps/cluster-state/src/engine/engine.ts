import type { Entry } from '@darkroom/crdt'

/** Keeps what a node knows, and who it is. One process at a time. */
export interface StateStore {
  /** Random, made with the store: a node that lost its disk comes back as another. */
  readonly nodeId: string
  /** All entries that were saved. */
  load(): Promise<Entry[]>
  /** Atomic: each entry replaces the one with its key, and all are on disk when it resolves, or none if it rejects. */
  save(entries: readonly Entry[]): Promise<void>
  close(): Promise<void>
}
