import {
  type Client,
  hasEnded,
  type Task,
  type TaskChangeLine,
  type TaskState,
  type taskDbRoutes,
} from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'
import { maySee, ownerSeenBy } from '../access/caller.ts'
import { toImageStatus } from '../image-status.ts'
import type { ChangeFeed } from './change-feed.ts'
import { type EventStream, eventText } from './event-stream.ts'

/** Proxies close a connection on which nothing came for a minute; nginx does. */
const heartbeatMs = 20_000
/** Of the images under way that a stream of all images begins with. */
const maxFirstImages = 100

export interface EventHubOptions {
  taskDb: Client<typeof taskDbRoutes>
  feed: ChangeFeed
  logger: Logger
}

/**
 * Brings each change of an image to the streams that may see it. A change is read once and written out once, however
 * many streams there are.
 */
export class EventHub {
  readonly #options: EventHubOptions
  readonly #ofImage = new Map<string, Set<EventStream>>()
  readonly #ofAll = new Set<EventStream>()
  /** Images that are being read; true: again, as they changed meanwhile. */
  readonly #reading = new Map<string, boolean>()
  readonly #heartbeat: NodeJS.Timeout
  #stopListening: (() => void) | undefined
  #isClosed = false

  constructor(options: EventHubOptions) {
    this.#options = options
    this.#heartbeat = setInterval(() => {
      for (const stream of this.#streams()) stream.write(':\n\n')
    }, heartbeatMs).unref()
  }

  /** The newest state of the image, and each change after it, until it has ended. */
  followImage(id: string, stream: EventStream): void {
    const streams = this.#ofImage.get(id) ?? new Set()
    this.#ofImage.set(id, streams.add(stream))
    stream.onceClosed(() => {
      streams.delete(stream)
      if (streams.size === 0) this.#ofImage.delete(id)
    })
    this.#begin(stream)
    stream.begun()
    void this.#deliver(id)
  }

  /** The images under way that its caller may see, newest first, and each change after that. */
  async followAll(stream: EventStream): Promise<void> {
    const owner = ownerSeenBy(stream.caller)
    this.#ofAll.add(stream)
    stream.onceClosed(() => this.#ofAll.delete(stream))
    this.#begin(stream)
    try {
      for (const state of ['in-progress', 'not-started'] satisfies TaskState[]) {
        const { body } = await this.#options.taskDb.listTasks({
          querystring: { state, limit: maxFirstImages, ...(owner !== undefined && { owner }) },
        })
        for (const task of body.tasks) send(task, [stream])
      }
      stream.begun()
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'a stream could not begin')
      stream.end() // its client comes back
    }
  }

  /** Ends the streams of clients that may not follow any more. */
  endWhere(isOver: (stream: EventStream) => boolean): void {
    for (const stream of this.#streams()) if (isOver(stream)) stream.end()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#heartbeat)
    this.#stopListening?.()
    for (const stream of this.#streams()) stream.end()
  }

  #begin(stream: EventStream): void {
    if (this.#isClosed) stream.end()
    else this.#stopListening ??= this.#options.feed.listen(change => this.#hear(change))
  }

  #hear(change: TaskChangeLine): void {
    switch (change.kind) {
      case 'stored':
        if (this.#concerned(change).length > 0) void this.#deliver(change.id)
        break
      case 'deleted':
        this.#tellDeleted(change.id)
        break
      case 'unknown':
        for (const stream of this.#ofAll) stream.write(eventText('reset', {}))
        for (const id of this.#ofImage.keys()) void this.#deliver(id)
    }
  }

  #concerned(task: Pick<Task, 'id' | 'owner'>): EventStream[] {
    const streams = [...(this.#ofImage.get(task.id) ?? [])]
    for (const stream of this.#ofAll) if (maySee(stream.caller, task)) streams.push(stream)
    return streams
  }

  /** Reads the image and sends it; once more if it changed while it was read. */
  async #deliver(id: string): Promise<void> {
    if (this.#reading.has(id)) {
      this.#reading.set(id, true)
      return
    }
    try {
      do {
        this.#reading.set(id, false)
        const task = await findTask(this.#options.taskDb, id)
        if (task) send(task, this.#concerned(task))
        else this.#tellDeleted(id)
      } while (this.#reading.get(id))
    } catch (error) {
      // The feed tells `unknown` once the task DB is back.
      this.#options.logger.debug({ err: error, id }, 'a change could not be read')
    } finally {
      this.#reading.delete(id)
    }
  }

  #tellDeleted(id: string): void {
    const text = eventText('deleted', { id })
    for (const stream of this.#ofAll) if (stream.forget(id)) stream.write(text)
    for (const stream of this.#ofImage.get(id) ?? []) {
      stream.write(text)
      stream.end()
    }
  }

  *#streams(): Iterable<EventStream> {
    for (const streams of this.#ofImage.values()) yield* streams
    yield* this.#ofAll
  }
}

function send(task: Task, streams: readonly EventStream[]): void {
  const texts = new Map<string, string>()
  for (const stream of streams) {
    if (!stream.isNews(task)) continue
    const { linkBase } = stream
    const text = texts.get(linkBase) ?? stateText(task, linkBase)
    texts.set(linkBase, text)
    stream.write(text)
    if (stream.imageId !== undefined && hasEnded(task)) stream.end()
  }
}

export function eventIdOf({ id, version }: Task): string {
  return `${id}:${version}`
}

export function stateText(task: Task, linkBase: string): string {
  return eventText('state', toImageStatus(task, linkBase), eventIdOf(task))
}
