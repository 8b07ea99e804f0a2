import { randomBytes } from 'node:crypto'
import { pieceKey, type UploadRecord } from '@darkroom/contracts'
import { type Logger, type ServiceClients, ServiceProblem } from '@darkroom/service-kit'

type StorageClient = ServiceClients['storage']
type Piece = UploadRecord['pieces'][number]

/** The pieces of unfinished uploads. Each is a separate blob that never changes. */
export class Pieces {
  readonly #storage: StorageClient
  readonly #logger: Logger

  constructor(storage: StorageClient, logger: Logger) {
    this.#storage = storage
    this.#logger = logger
  }

  /** Stores the bytes as a piece. @throws ServiceProblem 503 if the storage does not take them */
  async store(id: string, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<Piece> {
    const tag = randomBytes(6).toString('hex')
    const stored = await this.#storage.putBlob({
      params: { key: pieceKey(id, offset, tag), stage: 'pre' },
      querystring: {},
      headers: { 'content-type': 'application/octet-stream' },
      body: bytes,
    })
    if (stored.status !== 201) throw ServiceProblem.relay(stored)
    return { tag, bytes: stored.body.bytes }
  }

  /** The bytes of all pieces, one after the other. @throws ServiceProblem 410 if a piece is lost */
  async *read(id: string, pieces: readonly Piece[]): AsyncGenerator<Uint8Array> {
    for (const key of keysOf(id, pieces)) {
      const stored = await this.#storage.getBlob({ params: { key, stage: 'pre' }, headers: {} })
      if (stored.status !== 200)
        throw new ServiceProblem(410, 'upload-gone', 'a piece of this upload is lost: upload the file again')
      yield* stored.body
    }
  }

  /** Deletes pieces. If that fails, the master's sweeper deletes them later. */
  async delete(id: string, pieces: readonly Piece[]): Promise<void> {
    await Promise.all(keysOf(id, pieces).map(key => this.#delete(id, key)))
  }

  /** Deletes a piece that was stored, but is not part of its upload. */
  async discard(id: string, offset: number, { tag }: Piece): Promise<void> {
    await this.#delete(id, pieceKey(id, offset, tag))
  }

  async #delete(id: string, key: string): Promise<void> {
    try {
      await this.#storage.deleteBlob({ params: { key, stage: 'pre' }, headers: {} })
    } catch (error) {
      this.#logger.warn(
        { err: error, id, key },
        'a piece of an upload could not be deleted; the sweeper will',
      )
    }
  }
}

export function bytesIn(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes, 0)
}

function keysOf(id: string, pieces: readonly Piece[]): string[] {
  let offset = 0
  return pieces.map(({ tag, bytes }) => {
    const key = pieceKey(id, offset, tag)
    offset += bytes
    return key
  })
}
