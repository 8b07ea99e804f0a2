import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Condition, KvEntry, KvStore, Scope, WriteOutcome } from '../../src/engine/engine.ts'

export type OpenEngine = (t: TestContext) => Promise<KvStore>

export interface Conformance {
  /** Whether only changes of this store increase the revision. Not true if others use the same server. */
  revisionsAreChanges: boolean
}

export const always: Condition = { kind: 'always' }
export const absent: Condition = { kind: 'absent' }
export const present: Condition = { kind: 'present' }
export const atRevision = (revision: number): Condition => ({ kind: 'revision', revision })

export const bytes = (text: string) => new TextEncoder().encode(text)
export const text = (entry: KvEntry | undefined) => entry && Buffer.from(entry.value).toString()

/** Writes a text without conditions. */
export async function put(store: KvStore, key: string, value: string, ttlSeconds?: number) {
  return written(await store.set(key, bytes(value), { condition: always, ttlSeconds }))
}

export async function remove(store: KvStore, key: string) {
  return written(await store.delete(key, always))
}

export function written(outcome: WriteOutcome) {
  assert.equal(outcome.kind, 'written')
  return outcome
}

/** The current entry, from the outcome of a write that was refused. */
export function refused(outcome: WriteOutcome): KvEntry | undefined {
  assert.equal(outcome.kind, 'conflict')
  return outcome.current
}

/** Compares by the bytes of UTF-8, whose order differs from that of JavaScript's strings. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

const timeoutMs = 20_000

/** Waits for a change and fails if nothing wakes it. */
export async function wake(store: KvStore, scope: Scope, after: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  await store.waitForChange(scope, after, signal)
  assert.equal(signal.aborted, false, 'nothing woke it')
}

/** Follows a scope, as a watcher of the store does, until a key is gone. Returns the revision of its deletion. */
export async function wakeWhenGone(store: KvStore, key: string, scope: Scope = { key }): Promise<number> {
  for (;;) {
    const { revision, entry } = await store.get(key)
    if (!entry) return revision
    await wake(store, scope, revision)
  }
}
