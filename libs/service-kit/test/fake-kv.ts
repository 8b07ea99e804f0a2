import { createClient, kvConfigRoutes, type StreamedBody, type WireReply } from '@darkroom/contracts'
import type { KvClient } from '../src/clients/watch-prefix.ts'

/** The part of kv-config that tests of its clients need: in memory, and it can be made unavailable. */
export class FakeKv {
  readonly client: KvClient
  readonly values = new Map<string, string>()
  /** Every write of a key, with its lease. */
  readonly sets: { key: string; ttl: string | null }[] = []
  readonly #changes = new EventTarget()
  #revision = 0
  #isAway = false

  constructor() {
    this.client = createClient(kvConfigRoutes, async ({ method, path, body, signal }) => {
      const url = new URL(path, 'http://kv')
      const key = decodeURIComponent(url.pathname.replace('/key/', ''))
      signal?.throwIfAborted()
      if (this.#isAway) throw new Error('kv-config is unavailable')
      switch (method) {
        case 'PUT':
          this.sets.push({ key, ttl: url.searchParams.get('ttl') })
          if (this.values.get(key) !== String(body && Buffer.from(body as Uint8Array)))
            this.set(key, String(Buffer.from(body as Uint8Array)))
          return reply(200, '')
        case 'DELETE':
          this.delete(key)
          return reply(204, '')
        default:
          return reply(200, JSON.stringify(await this.#list(url.searchParams, signal)))
      }
    })
  }

  set(key: string, value: string): void {
    this.values.set(key, value)
    this.#change()
  }

  delete(key: string): void {
    this.values.delete(key)
    this.#change()
  }

  /** Makes every request fail, also held requests. */
  goAway(): void {
    this.#isAway = true
    this.#changes.dispatchEvent(new Event('change'))
  }

  comeBack(): void {
    this.#isAway = false
  }

  async #list(query: URLSearchParams, signal: AbortSignal | undefined) {
    const after = query.get('after')
    if (after !== null && Number(after) === this.#revision) await this.#nextChange(signal)
    if (this.#isAway) throw new Error('kv-config is unavailable')
    const keys = [...this.values]
      .filter(([key]) => key.startsWith(query.get('prefix') ?? ''))
      .map(([key, value]) => ({ key, revision: 1, value: Buffer.from(value).toString('base64') }))
    return { revision: this.#revision, keys }
  }

  #nextChange(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#changes.addEventListener('change', () => resolve(), { once: true })
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  #change(): void {
    this.#revision++
    this.#changes.dispatchEvent(new Event('change'))
  }
}

export function reply(statusCode: number, text: string): WireReply {
  const body: StreamedBody = {
    text: async () => text,
    bytes: async () => Buffer.from(text),
    dump: async () => undefined,
    async *[Symbol.asyncIterator]() {
      yield Buffer.from(text)
    },
  }
  return { statusCode, headers: { 'content-type': 'application/json' }, body }
}
