import {
  type Client,
  hasEnded,
  type Task,
  type TaskChangeLine,
  type TaskState,
  type taskDbRoutes,
} from '@darkroom/contracts'
import { type Logger, tooManyRequests } from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'
import { type Caller, maySee, ownerSeenBy } from '../access/caller.ts'
import { toImageStatus } from '../images/image-status.ts'
import type { ChangeFeed } from './change-feed.ts'
import { type EventStream, eventFrame, Frame } from './event-stream.ts'

/** Shorter than the minute after which nginx closes an idle connection. */
const heartbeatMs = 20_000
/** Heartbeats are spread over this number of steps, because thousands at once would delay events. */
const heartbeatSteps = 200
const reset = eventFrame('reset', {})
/** An id without an event: with it, a client that has got no event yet also sends Last-Event-ID when it reconnects. */
const firstId = new Frame('id: 0\n\n')
/** How many images of each unfinished state a stream of all images begins with. */
const maxFirstImages = 100
/** How soon a client that was refused a stream should retry. */
const retryStreamSeconds = 30

interface EventHubOptions {
  taskDb: Client<typeof taskDbRoutes>
  feed: Pick<ChangeFeed, 'listen' | 'listenTo'>
  logger: Logger
  /** Streams of all images that one owner may have open; by default any number. */
  maxStreamsPerOwner?: number | undefined
}

/**
 * Sends each change of an image to the streams whose callers may see it. A changed task comes with the feed, and is
 * serialised once for all streams.
 */
export class EventHub {
  readonly #options: EventHubOptions
  readonly #ofImage = new Map<string, Set<EventStream>>()
  readonly #ofAll = new Set<EventStream>()
  /** All streams, by the step of their heartbeat. */
  readonly #beats = Array.from({ length: heartbeatSteps }, () => new Set<EventStream>())
  /** The images that are being read; true if the image has changed meanwhile, and must be read again. */
  readonly #reading = new Map<string, boolean>()
  readonly #heartbeat: NodeJS.Timeout
  #stopListening: (() => void) | undefined
  #isClosed = false

  constructor(options: EventHubOptions) {
    this.#options = options
    let step = 0
    this.#heartbeat = setInterval(() => {
      step = (step + 1) % heartbeatSteps
      for (const stream of this.#beats[step] ?? []) stream.beat()
    }, heartbeatMs / heartbeatSteps).unref()
  }

  /** Detects whether an image changes between the time before it is read and the time when its stream follows it. */
  watch(id: string): { hasChanged: boolean } & Disposable {
    const stopListening = this.#options.feed.listenTo(id, () => {
      watch.hasChanged = true
    })
    const watch = { hasChanged: false, [Symbol.dispose]: stopListening }
    return watch
  }

  /**
   * Sends the state of an image that was just read, then each change until the image has ended. With `hasChanged`, it may
   * have changed since it was read.
   */
  followImage(task: Task, stream: EventStream, { hasChanged }: { hasChanged: boolean }): void {
    const { id } = task
    const streams = this.#ofImage.get(id) ?? new Set()
    this.#ofImage.set(id, streams.add(stream))
    this.#begin(stream, () => {
      streams.delete(stream)
      if (streams.size === 0) this.#ofImage.delete(id)
    })
    stream.begun()
    send(task, [stream])
    if (hasChanged) void this.#deliver(id)
    stream.endWhenHalfClosed()
  }

  /**
   * Each change of an owner's image goes to all of these streams, so one owner with thousands would delay every other
   * client. A stream of one image costs only what that image costs.
   *
   * @throws ServiceProblem 429 if the caller's owner, or grant, has as many streams of all images as are allowed
   */
  requireRoom(caller: Caller): void {
    const { maxStreamsPerOwner: most = Number.POSITIVE_INFINITY } = this.#options
    const holder = holderOf(caller)
    if (holder === undefined || this.#ofAll.size < most) return
    let count = 0
    for (const stream of this.#ofAll) if (holderOf(stream.caller) === holder) count += 1
    if (count < most) return
    const detail = `you have as many streams of all images open as are allowed (${count}): share one stream, or close some`
    throw tooManyRequests('too-many-streams', detail, retryStreamSeconds)
  }

  /**
   * Sends the unfinished images that the caller may see, newest first, then each change. With `isContinued`, the client has
   * reconnected, and may have missed changes.
   */
  async followAll(stream: EventStream, { isContinued }: { isContinued: boolean }): Promise<void> {
    stream.write(firstId)
    if (isContinued) stream.write(reset)
    this.#ofAll.add(stream)
    this.#begin(stream, () => this.#ofAll.delete(stream))
    try {
      for (const state of ['in-progress', 'not-started'] satisfies TaskState[])
        await this.#sendFirst(state, stream)
      stream.begun()
      stream.endWhenHalfClosed()
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'an event stream could not be opened')
      stream.end() // the client reconnects
    }
  }

  /** Ends the streams for which `isOver` returns true. */
  endWhere(isOver: (stream: EventStream) => boolean): void {
    for (const stream of this.#streams()) if (isOver(stream)) stream.end()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#heartbeat)
    this.#stopListening?.()
    for (const stream of this.#streams()) stream.end()
  }

  async #sendFirst(state: TaskState, stream: EventStream): Promise<void> {
    const owner = ownerSeenBy(stream.caller)
    const { body } = await this.#options.taskDb.listTasks({
      querystring: { state, limit: maxFirstImages, ...(owner !== undefined && { owner }) },
    })
    for (const task of body.tasks) if (maySee(stream.caller, task)) send(task, [stream])
  }

  #begin(stream: EventStream, whenClosed: () => void): void {
    const beats = this.#beats[stream.number % heartbeatSteps]
    beats?.add(stream)
    stream.onceClosed(() => {
      beats?.delete(stream)
      whenClosed()
    })
    if (this.#isClosed) stream.end()
    else this.#stopListening ??= this.#options.feed.listen(change => this.#onChange(change))
  }

  #onChange(change: TaskChangeLine): void {
    switch (change.kind) {
      case 'stored':
        this.#onStored(change)
        break
      case 'deleted':
        this.#sendDeleted(change.id)
        break
      case 'unknown':
        for (const stream of this.#ofAll) stream.write(reset)
        for (const id of this.#ofImage.keys()) void this.#deliver(id)
    }
  }

  #onStored(change: Extract<TaskChangeLine, { kind: 'stored' }>): void {
    const concerned = this.#concerned(change)
    if (concerned.length === 0) return
    if (change.task) send(change.task, concerned)
    else void this.#deliver(change.id)
  }

  #concerned(task: Pick<Task, 'id' | 'owner'>): EventStream[] {
    const streams = [...(this.#ofImage.get(task.id) ?? [])]
    for (const stream of this.#ofAll) if (maySee(stream.caller, task)) streams.push(stream)
    return streams
  }

  /** Reads an image and sends its state. Repeats this if the image changes meanwhile. */
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
        else this.#sendDeleted(id)
      } while (this.#reading.get(id))
    } catch (error) {
      // The feed sends `unknown` when the task DB is available again.
      this.#options.logger.debug({ err: error, id }, 'a change could not be read')
    } finally {
      this.#reading.delete(id)
    }
  }

  #sendDeleted(id: string): void {
    const deleted = eventFrame('deleted', { id })
    for (const stream of this.#ofAll) if (stream.forget(id)) stream.write(deleted)
    for (const stream of this.#ofImage.get(id) ?? []) {
      stream.write(deleted)
      stream.end()
    }
  }

  *#streams(): Iterable<EventStream> {
    for (const streams of this.#ofImage.values()) yield* streams
    yield* this.#ofAll
  }
}

/** The owner or the grant that a stream is counted for; undefined without a key. */
function holderOf({ grant, owner }: Caller): string | undefined {
  return grant ? `grant ${grant.id}` : owner
}

function send(task: Task, streams: readonly EventStream[]): void {
  const frames = new Map<string, Frame>()
  for (const stream of streams) {
    if (!stream.markSent(task)) continue
    const { linkBase } = stream
    const frame = frames.get(linkBase) ?? stateFrame(task, linkBase)
    frames.set(linkBase, frame)
    stream.write(frame)
    if (stream.imageId !== undefined && hasEnded(task)) stream.end()
  }
}

export function eventIdOf({ id, version }: Task): string {
  return `${id}:${version}`
}

function stateFrame(task: Task, linkBase: string): Frame {
  return eventFrame('state', toImageStatus(task, linkBase), eventIdOf(task))
}
