import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@darkroom/service-kit'
import type { ChangeFeed } from '../change-feed.ts'
import type { Gateway } from './gateway.ts'
import { jsonLines } from './json-lines.ts'
import type { KeySpace } from './key-space.ts'
import { fromBase64, type RangeResponse, type WatchEvent, type WatchResponse } from './messages.ts'
import { fromStored } from './stored-value.ts'

const pingMs = 1000
const retryMs = 100

/**
 * Publishes every change of a store into a feed: one stream serves all waiting callers. When a stream breaks, it
 * continues at another member with the revision after the last, so no change is missed. If etcd has compacted that
 * revision, the feed is restarted, which wakes all callers.
 *
 * A member that hangs or has lost its cluster keeps the stream open without sending anything. So the watch sends it a
 * linearizable read every second, and leaves the member if it doesn't answer. If the response is older than the last change,
 * etcd was restored from a copy. Its next changes have lower revisions than the callers wait for, so the feed is restarted
 * as well.
 */
export class Watch {
  readonly #gateway: Gateway
  readonly #keys: KeySpace
  readonly #feed: ChangeFeed
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #started = Promise.withResolvers<void>()
  readonly #ended: Promise<void>
  /** The revision at which the stream starts or continues; undefined for the next change. */
  #next: number | undefined

  constructor(options: { gateway: Gateway; keys: KeySpace; feed: ChangeFeed; logger: Logger }) {
    this.#gateway = options.gateway
    this.#keys = options.keys
    this.#feed = options.feed
    this.#logger = options.logger
    this.#ended = this.#run()
  }

  /** Resolves once the feed has its first revision, or when it is closed. */
  get started(): Promise<void> {
    return this.#started.promise
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#started.resolve()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing
    let isLost = false
    while (!signal.aborted) {
      try {
        this.#next ??= await this.#begin()
        await this.#follow(() => {
          if (isLost) this.#logger.info('following the changes of etcd again')
          isLost = false
        })
      } catch (error) {
        if (signal.aborted) return
        if (!isLost) this.#logger.warn({ err: error }, 'cannot follow the changes of etcd; retrying')
        isLost = true
      }
      await delay(retryMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async #begin(): Promise<number> {
    const { header } = await this.#gateway.call<RangeResponse>('repeatable', 'kv/range', this.#keys.one(''))
    const revision = Number(header.revision)
    this.#feed.restart(revision)
    this.#started.resolve()
    return revision + 1
  }

  /** Returns if etcd has compacted the next revision; throws if the stream breaks. */
  async #follow(onOpen: () => void): Promise<void> {
    const stop = new AbortController()
    const signal = AbortSignal.any([stop.signal, this.#closing.signal])
    const endpoint = this.#gateway.pick()
    let pinging: Promise<void> | undefined
    try {
      const response = await this.#open(endpoint, signal)
      pinging = this.#ping(endpoint, stop)
      for await (const line of jsonLines(response)) {
        onOpen()
        if (this.#take(line as WatchResponse) === 'forgotten') return
      }
      throw new Error(`${endpoint} ended the stream of changes`)
    } catch (error) {
      this.#gateway.suspect(endpoint)
      throw stop.signal.reason ?? error
    } finally {
      stop.abort()
      await pinging
    }
  }

  /** An expired token is refused within the stream, like a missing permission; a read replaces it before. */
  async #open(endpoint: string, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
    await this.#checkAt(endpoint)
    const create_request = {
      ...this.#keys.withPrefix(''),
      start_revision: String(this.#next),
      progress_notify: true,
    }
    return this.#gateway.streamAt(endpoint, 'watch', { create_request }, signal)
  }

  /** Ends the stream if its member doesn't answer, or answers with an older revision. */
  async #ping(endpoint: string, stream: AbortController): Promise<void> {
    while (!stream.signal.aborted) {
      await delay(pingMs, undefined, { signal: stream.signal }).catch(() => undefined)
      if (stream.signal.aborted) return
      try {
        await this.#checkAt(endpoint)
      } catch (error) {
        stream.abort(error)
      }
    }
  }

  async #checkAt(endpoint: string): Promise<void> {
    const next = this.#next ?? 0
    const range = this.#keys.one('')
    const { header } = await this.#gateway.callAt<RangeResponse>(endpoint, 'repeatable', 'kv/range', range)
    if (Number(header.revision) >= next - 1) return
    this.#next = undefined
    throw new Error(
      `etcd went back to revision ${header.revision}: it was restored, or replaced by another etcd`,
    )
  }

  #take({ result, error }: WatchResponse): 'taken' | 'forgotten' {
    if (error) throw new Error(`etcd ends the stream of changes: ${error.message}`)
    if (result?.compact_revision !== undefined) {
      this.#next = undefined
      return 'forgotten'
    }
    if (result?.canceled) throw new Error(`etcd ends the stream of changes: ${result.cancel_reason}`)
    if (result?.created) return 'taken'
    const events = result?.events ?? []
    this.#feed.publish(events.flatMap(event => this.#changeOf(event)))
    // The header may be ahead of the events, because more will follow. Without events, it is the current revision.
    const seen = events.length > 0 ? events.at(-1)?.kv?.mod_revision : result?.header?.revision
    // Never decreases: #ping detects a restored etcd, and restarts the feed.
    if (this.#next !== undefined) this.#next = Math.max(this.#next, Number(seen) + 1)
    return 'taken'
  }

  /** A key that only got a new lease has not changed. */
  #changeOf({ type, kv = {} }: WatchEvent) {
    const isKept = type !== 'DELETE' && fromStored(fromBase64(kv.value)).keptRevision !== undefined
    const key = this.#keys.read(kv.key)
    return isKept || key === undefined ? [] : [{ key, revision: Number(kv.mod_revision) }]
  }
}
