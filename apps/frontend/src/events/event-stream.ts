import type { ServerResponse } from 'node:http'
import { hasEnded, type Task } from '@darkroom/contracts'
import type { Caller } from '../access/caller.ts'

/** What a client may leave unread before it is cut off: it comes back, and gets the newest state. */
const maxUnreadBytes = 256 * 1024

export interface StreamOptions {
  /** The image it is about; without it, all images that its caller may see. */
  imageId?: string | undefined
  /** Who follows it, and sees only what this caller may see. */
  caller: Caller
  /** The path before the paths of links. */
  linkBase: string
}

/**
 * One stream of server-sent events (WHATWG HTML, 9.2). Its head is written at once. It is the newest state, not a log:
 * nothing is kept for a client that was away.
 */
export class EventStream {
  readonly imageId: string | undefined
  readonly caller: Caller
  readonly linkBase: string
  readonly #response: ServerResponse
  /** Versions of images under way that were sent. */
  readonly #sent = new Map<string, number>()
  #isBegun = false

  constructor(response: ServerResponse, { imageId, caller, linkBase }: StreamOptions) {
    this.imageId = imageId
    this.caller = caller
    this.linkBase = linkBase
    this.#response = response
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no', // nginx would hold all events back
    })
    // Thousands come back after a restart: not all at once.
    this.write(`retry: ${2000 + Math.floor(Math.random() * 3000)}\n\n`)
  }

  /** Calls back once when the client has gone, or the stream was ended. */
  onceClosed(callBack: () => void): void {
    this.#response.once('close', callBack)
  }

  /** Whether this version is newer than what was sent of the image; from now on it counts as sent. */
  isNews(task: Task): boolean {
    if (task.version <= (this.#sent.get(task.id) ?? 0)) return false
    if (this.#isBegun && hasEnded(task)) this.#sent.delete(task.id)
    else this.#sent.set(task.id, task.version)
    return true
  }

  /** The image was deleted. Whether this client was told of it while it was under way. */
  forget(id: string): boolean {
    return this.#sent.delete(id)
  }

  /** The states at the beginning are sent: from now on versions come in their order. */
  begun(): void {
    this.#isBegun = true
  }

  /** A stream that has ended takes no more: it is told of changes until its connection closes, which is later. */
  write(text: string): void {
    if (this.#response.writableEnded) return
    if (this.#response.writableLength > maxUnreadBytes) this.#response.destroy()
    else this.#response.write(text)
  }

  end(): void {
    this.#response.end()
  }
}

/** An event, of one line of data. Its id lets a client that comes back say what it has seen. */
export function eventText(name: string, data: object, id?: string): string {
  return `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`
}
