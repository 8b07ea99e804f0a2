import { hash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@darkroom/service-kit'

const keysFile = 'frontend-requires-keys'
const secretFile = 'frontend-signing-secret'

/**
 * Two facts that a frontend records outside kv-config: that it required keys, and which signing secret it used. So if
 * kv-config is emptied, or restored from an old backup, the frontend does not become open and trusts no other secret. To
 * undo a fact, an operator deletes its file and restarts the frontend.
 */
export class LocalFacts {
  readonly #folder: string | undefined
  readonly #logger: Logger
  #requiredKeys: boolean
  #secret: string | undefined
  #writing: Promise<void> = Promise.resolve()

  /** Without a folder, facts are kept until the process ends. @throws if a file can't be read */
  constructor({ folder, logger }: { folder?: string | undefined; logger: Logger }) {
    this.#folder = folder
    this.#logger = logger
    this.#requiredKeys = this.#read(keysFile) !== undefined
    this.#secret = this.#read(secretFile)?.trim()
  }

  get requiredKeys(): boolean {
    return this.#requiredKeys
  }

  recordKeysRequired(): void {
    if (this.#requiredKeys) return
    this.#requiredKeys = true
    this.#write(keysFile, 'This frontend requires API keys, independently of kv-config. See docs/keys.md\n')
  }

  /** Whether a signing secret may be used: it is the recorded secret, or none is recorded. */
  allowsSecret(secret: Uint8Array): boolean {
    return this.#secret === undefined || this.#secret === fingerprintOf(secret)
  }

  /** Whether a signing secret was used before. */
  get hasSecret(): boolean {
    return this.#secret !== undefined
  }

  recordSecret(secret: Uint8Array): void {
    // Without a folder, a changed secret is accepted: an operator could not undo a record in the memory of this process.
    if (this.#folder === undefined || this.#secret !== undefined) return
    this.#secret = fingerprintOf(secret)
    this.#write(secretFile, `${this.#secret}\n`)
  }

  /** The file with the fingerprint of the signing secret. */
  get secretPath(): string {
    return join(this.#folder ?? '', secretFile)
  }

  /** Resolves when all facts are on disk, or could not be written. */
  async close(): Promise<void> {
    await this.#writing
  }

  #read(name: string): string | undefined {
    if (this.#folder === undefined) return undefined
    try {
      return readFileSync(join(this.#folder, name), 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  #write(name: string, text: string): void {
    const folder = this.#folder
    if (folder === undefined) return
    this.#writing = this.#writing
      .then(() => writeDurably(folder, name, text))
      .catch(err => {
        const message =
          'cannot write a file that protects this frontend if kv-config loses its data; check DATA_DIR and its disk'
        this.#logger.warn({ err, file: join(folder, name) }, message)
      })
  }
}

/** A fingerprint of 32 random bytes doesn't reveal them. */
function fingerprintOf(secret: Uint8Array): string {
  return hash('sha256', secret, 'hex')
}

async function writeDurably(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const temporary = join(folder, `.${name}-${randomUUID()}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, name)).catch(async error => {
    await rm(temporary, { force: true })
    throw error
  })
  await using parent = await open(folder)
  await parent.sync()
}
