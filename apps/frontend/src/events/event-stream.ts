import type { ServerResponse } from 'node:http'
import { hasEnded, type imageEvents, type Task } from '@darkroom/contracts'
import { onceHalfClosed } from '@darkroom/service-kit'
import type { Caller } from '../access/caller.ts'

/** A client with more unread bytes is disconnected. It reconnects, and gets the current state. */
const maxUnreadBytes = 256 * 1024

let streamCount = 0

interface StreamOptions {
  /** For a stream of one image; without it, the stream has all images that the caller may see. */
  imageId?: string | undefined
  caller: Caller
  /** The path before the paths of links. */
  linkBase: string
  /** What keeps the connection open while the stream is silent; by default a comment. */
  heartbeat?: Frame
  /** Further headers of the response. */
  headers?: Record<string, string | number | string[] | undefined>
}

/**
 * A stream of server-sent events (WHATWG HTML, 9.2). The constructor writes its head. A stream sends states, not a log:
 * a client that reconnects gets the current state, and no earlier events.
 */
export class EventStream {
  /** Streams are numbered in the order of their beginning. */
  readonly number = streamCount++
  readonly imageId: string | undefined
  readonly caller: Caller
  readonly linkBase: string
  readonly #heartbeat: Frame
  readonly #response: ServerResponse
  /** The last sent version of each unfinished image. */
  readonly #sent = new Map<string, number>()
  #isBegun = false

  constructor(
    response: ServerResponse,
    { imageId, caller, linkBase, heartbeat = comment, headers }: StreamOptions,
  ) {
    this.imageId = imageId
    this.caller = caller
    this.linkBase = linkBase
    this.#heartbeat = heartbeat
    this.#response = response
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no', // nginx would hold all events back
    })
    // A random time, so that thousands of clients don't reconnect at once after a restart.
    response.write(`retry: ${2000 + Math.floor(Math.random() * 3000)}\n\n`)
  }

  /** Calls `callBack` once, when the connection has closed. */
  onceClosed(callBack: () => void): void {
    this.#response.once('close', callBack)
  }

  /** Whether the task is newer than the last sent version. If so, marks it as sent. */
  markSent(task: Task): boolean {
    if (task.version <= (this.#sent.get(task.id) ?? 0)) return false
    if (this.#isBegun && hasEnded(task)) this.#sent.delete(task.id)
    else this.#sent.set(task.id, task.version)
    return true
  }

  /** Forgets a deleted image. Returns whether an unfinished state of it was sent. */
  forget(id: string): boolean {
    return this.#sent.delete(id)
  }

  /** Marks that all first states have been sent. From now on, versions come in order. */
  begun(): void {
    this.#isBegun = true
  }

  /** Does nothing once the stream has ended: changes still arrive until its connection is closed. */
  write(frame: Frame): void {
    const response = this.#response
    if (response.writableEnded) return
    if (response.writableLength > maxUnreadBytes) response.destroy()
    // Writing through the response would encode the text for each stream, and write it in four pieces, which costs a third
    // more.
    else if (response.chunkedEncoding && response.socket?.writable) response.socket.write(frame.chunk)
    else response.write(frame.text) // HTTP/1.0, or a response that waits for earlier responses on its connection
  }

  /** Ends the stream when its client closes its side of the connection, because most such clients have hung up. */
  endWhenHalfClosed(): void {
    const stop = onceHalfClosed(this.#response.socket, () => this.end())
    this.onceClosed(stop)
  }

  /** Keeps the connection open: proxies close silent connections. */
  beat(): void {
    this.write(this.#heartbeat)
  }

  end(): void {
    this.#response.end()
  }
}

/** A part of streams, encoded once for all that get it. */
export class Frame {
  readonly text: string
  #chunk: Buffer | undefined

  constructor(text: string) {
    this.text = text
  }

  /** The text as a chunk of a body (RFC 9112, 7.1). */
  get chunk(): Buffer {
    this.#chunk ??= Buffer.from(`${Buffer.byteLength(this.text).toString(16)}\r\n${this.text}\r\n`)
    return this.#chunk
  }
}

/** An event with one line of data. A reconnecting client sends the id of its last event. */
export function eventFrame(name: (typeof imageEvents)[number], data: object, id?: string): Frame {
  return new Frame(
    `event: ${name}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`,
  )
}

const comment = new Frame(':\n\n')

/** A heartbeat that a page can notice: browsers don't show comments to pages. */
export const heartbeatEvent = eventFrame('heartbeat', {})
