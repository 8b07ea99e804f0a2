import type { ImageStatus } from '@darkroom/contracts'

/** The messages about images while the page is open. */
export type LiveMessage =
  | { kind: 'state'; image: ImageStatus; version: number }
  | { kind: 'deleted'; id: string }
  /** Changes may have been missed: read the images again. */
  | { kind: 'reset' }
  | { kind: 'connected' }
  /** The stream is closed, and will be opened again later; poll until then. */
  | { kind: 'lost' }

const minBackoffMs = 1000
const maxBackoffMs = 30_000
/** The server sends a heartbeat every 20 s, as an event if the URL has `heartbeat=event`. */
const maxSilenceMs = 45_000

/**
 * An EventSource for the events of all images. The browser reconnects after an interruption, but a single response other
 * than 200 closes an EventSource for good, and a server that hangs, or whose connection was lost while the computer slept,
 * doesn't interrupt it. Then a new EventSource is opened after a random pause.
 */
export class StateStream {
  readonly #url: string
  readonly #onMessage: (message: LiveMessage) => void
  #source: EventSource | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #backoffMs = minBackoffMs

  constructor(url: string, onMessage: (message: LiveMessage) => void) {
    this.#url = url
    this.#onMessage = onMessage
  }

  get isOpen(): boolean {
    return this.#source !== undefined || this.#timer !== undefined
  }

  get isConnected(): boolean {
    return this.#source?.readyState === EventSource.OPEN
  }

  open(): void {
    if (this.isOpen) return
    const source = new EventSource(this.#url)
    this.#source = source
    this.#expectMore()
    source.onopen = () => {
      this.#expectMore()
      this.#backoffMs = minBackoffMs
      this.#onMessage({ kind: 'connected' })
    }
    source.onerror = () => {
      this.#expectMore()
      this.#onMessage({ kind: 'lost' })
      if (source.readyState === EventSource.CLOSED) this.#openLater()
    }
    const on = (name: string, take: (event: MessageEvent) => void) =>
      source.addEventListener(name, event => {
        this.#expectMore()
        take(event)
      })
    on('heartbeat', () => {})
    on('state', ({ data, lastEventId }) =>
      this.#onMessage({
        kind: 'state',
        image: JSON.parse(data),
        version: Number(lastEventId.split(':').pop()),
      }),
    )
    on('deleted', ({ data }) => this.#onMessage({ kind: 'deleted', id: JSON.parse(data).id }))
    on('reset', () => this.#onMessage({ kind: 'reset' }))
  }

  close(): void {
    this.#source?.close()
    this.#source = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #expectMore(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#onMessage({ kind: 'lost' })
      this.#openLater()
    }, maxSilenceMs)
  }

  #openLater(): void {
    this.close()
    const pauseMs = this.#backoffMs * (0.5 + Math.random())
    this.#backoffMs = Math.min(this.#backoffMs * 2, maxBackoffMs)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.open()
    }, pauseMs)
  }
}
