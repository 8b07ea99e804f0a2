import { hash } from 'node:crypto'
import { Owner, ownerInKey, type TaskChangeLine } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import {
  Backoff,
  deleteKeysUnder,
  type KvClient,
  type Logger,
  readJson,
  type ServiceClients,
  ServiceProblem,
  tooManyRequests,
  watchPrefix,
} from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import type { ChangeFeed } from '../events/change-feed.ts'

const prefix = 'deleted-uploads/'
/** How long a mark is effective: longer than an upload takes after all its bytes have been sent. */
const markSeconds = 600
/** Every frontend holds all marks in memory. */
const maxMarksPerOwner = 1000

/** The name of an upload that its client knows before the response arrives. */
interface UploadName {
  owner?: string | undefined
  idempotencyKey: string
}

/** A deleted upload, as kv-config keeps it, in JSON. */
const Mark = Type.Object({
  owner: Type.Optional(Owner),
  idempotencyKey: Type.String(),
  until: Type.Number({
    description: 'In milliseconds since 1970, by the clock of the frontend that was asked',
  }),
})
type Mark = Static<typeof Mark>

/** The clocks of two frontends may differ, so each frontend measures the end of marks with its own monotonic clock. */
interface KnownMark extends Mark {
  /** By `performance.now`. */
  endsAt: number
  /** Whether this frontend made the mark. Then it stays effective even if kv-config loses it. */
  isOwn: boolean
}

interface DeletedUploadsOptions {
  clients: Pick<ServiceClients, 'kv' | 'storage' | 'taskDb'>
  feed: Pick<ChangeFeed, 'listen'>
  logger: Logger
}

/**
 * Deletes images by the idempotency keys of their uploads, also if an upload ends later than its deletion.
 *
 *     mark in kv-config -> look for the image -> follow the changes until the mark expires
 *
 * Every frontend watches the marks, so one of them deletes the image even if the others are killed.
 */
export class DeletedUploads {
  readonly #options: DeletedUploadsOptions
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  readonly #stopListening: () => void
  /** By their keys in kv-config. */
  #marks: ReadonlyMap<string, KnownMark> = new Map()
  /** The marks whose images must be looked for, one after the other. */
  readonly #due = new Map<string, KnownMark>()
  #looking: Promise<void> | undefined
  #isLooking = false

  constructor(options: DeletedUploadsOptions) {
    this.#options = options
    const { kv } = options.clients
    this.#watching = watchPrefix({
      kv,
      prefix,
      logger: options.logger,
      signal: this.#closing.signal,
      onChange: values => this.#takeMarks(values),
    })
    this.#stopListening = options.feed.listen(change => this.#onChange(change))
  }

  /**
   * Deletes the image of an upload. If it is accepted within the next ten minutes, it is deleted then.
   *
   * @throws ServiceProblem 429 if the owner has deleted too many uploads lately
   */
  async delete({ owner, idempotencyKey }: UploadName): Promise<void> {
    const upload = { idempotencyKey, ...(owner !== undefined && { owner }) }
    const name = keyOf(upload)
    this.#requireRoom(upload)
    const mark: Mark = { ...upload, until: Date.now() + markSeconds * 1000 }
    await this.#options.clients.kv.setKey({
      params: { '*': name },
      querystring: { ttl: markSeconds },
      headers: {},
      body: Buffer.from(JSON.stringify(mark)),
    })
    this.#marks = new Map(this.#marks).set(name, { ...mark, endsAt: endOfNewMark(), isOwn: true })
    await this.#findAndDelete(mark)
  }

  /** @throws ServiceProblem 410 if the upload was deleted */
  requireUndeleted(upload: UploadName): void {
    if (!this.#markOf(upload)) return
    throw new ServiceProblem(
      410,
      'upload-deleted',
      'the upload with this Idempotency-Key was deleted within the last ten minutes; use a new key to upload the image again',
    )
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#stopListening()
    this.#due.clear()
    await Promise.all([this.#watching, this.#looking])
  }

  /** While kv-config does not answer, marks that have expired there are kept. */
  #markOf(upload: UploadName): KnownMark | undefined {
    const mark = this.#marks.size > 0 ? this.#marks.get(keyOf(upload)) : undefined
    return mark && isEffective(mark) ? mark : undefined
  }

  #requireRoom(upload: UploadName): void {
    const names = [...this.#marks.keys()].filter(name => name.startsWith(prefixOf(upload)))
    if (names.length < maxMarksPerOwner) return
    const detail = `you have deleted ${names.length} uploads by their keys within ten minutes, which is the limit: delete images by their ids`
    throw tooManyRequests('too-many-deletions', detail, 60)
  }

  #takeMarks(values: ReadonlyMap<string, Uint8Array>): void {
    const known = this.#marks
    const read = [...values].flatMap(([name, value]) => {
      const mark = readJson(Mark, value)
      if (!mark) return []
      const before = known.get(name)
      const isSame = before?.until === mark.until
      const endsAt = isSame ? before.endsAt : endOfNewMark()
      return [[name, { ...mark, endsAt, isOwn: before?.isOwn ?? false }] as const]
    })
    // A mark that was made here may be newer than the marks that were read, and kv-config may not answer again.
    const own = [...known].filter(([, mark]) => mark.isOwn && isEffective(mark))
    this.#marks = new Map([...own, ...read])
    // The image may have been accepted before this frontend knew the mark.
    this.#lookFor(read.filter(([name]) => !known.has(name)))
  }

  #onChange(change: TaskChangeLine): void {
    if (change.kind === 'unknown') this.#lookFor(this.#marks)
    if (change.kind !== 'stored' || change.task?.idempotencyKey === undefined) return
    const { owner, idempotencyKey } = change.task
    const mark = this.#markOf({ owner, idempotencyKey })
    if (mark) this.#lookFor([[keyOf(mark), mark]])
  }

  #lookFor(marks: Iterable<readonly [string, KnownMark]>): void {
    for (const [name, mark] of marks) this.#due.set(name, mark)
    if (!this.#isLooking) this.#looking = this.#lookForDue()
  }

  /** Retries until it succeeds: after an outage of the task DB, nothing else reports that it answers again. */
  async #lookForDue(): Promise<void> {
    this.#isLooking = true
    const { signal } = this.#closing
    const backoff = new Backoff(100, 2000)
    for (const [name, mark] of this.#due) {
      this.#due.delete(name)
      if (!isEffective(mark)) continue
      try {
        await this.#findAndDelete(mark)
        backoff.reset()
      } catch (error) {
        this.#options.logger.debug(
          { err: error },
          'the image of a deleted upload could not be deleted; retrying',
        )
        this.#due.set(name, mark)
        await backoff.wait(signal)
      }
      if (signal.aborted) return
    }
    this.#isLooking = false // in the same turn, so that no mark is added unnoticed
  }

  async #findAndDelete({ owner, idempotencyKey }: UploadName): Promise<void> {
    const querystring = { idempotencyKey, ...(owner !== undefined && { owner }) }
    const found = await this.#options.clients.taskDb.findByKey({ querystring })
    if (found.status === 200) await deleteImage(found.body, this.#options.clients)
  }
}

/** Deletes all marks of an owner: they contain idempotency keys. */
export async function eraseMarks(kv: KvClient, owner: string): Promise<void> {
  await deleteKeysUnder(kv, prefixOf({ owner }))
}

function endOfNewMark(): number {
  return performance.now() + markSeconds * 1000
}

function isEffective({ endsAt }: KnownMark): boolean {
  return endsAt > performance.now()
}

/** A key of kv-config is shorter than an idempotency key may be. */
function keyOf(upload: UploadName): string {
  return prefixOf(upload) + hash('sha256', upload.idempotencyKey, 'base64url')
}

function prefixOf({ owner }: Pick<UploadName, 'owner'>): string {
  return `${prefix}${ownerInKey(owner)}/`
}
