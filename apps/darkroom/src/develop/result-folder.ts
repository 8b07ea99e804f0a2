import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Developed, ImageFile } from '@darkroom/client/source'
import { fileExtensionOf } from '@darkroom/contracts'
import { makeFolder } from '@darkroom/sqlite'
import { BriefUsageError } from '../usage-error.ts'
import { type FoundImage, identityOf, resultName } from './find-images.ts'

/** The paths of the files that were written for an image. */
export interface WrittenResults {
  result?: string
  variants: Record<string, string>
}

/** The folder for the results. Makes sure that no result overwrites an original. */
export class ResultFolder {
  readonly #folder: string
  readonly #originals: ReadonlySet<string | undefined>
  readonly #signal: AbortSignal

  /** `signal` ends downloads. */
  constructor(
    folder: string,
    { images, signal }: { images: readonly Pick<FoundImage, 'identity'>[]; signal: AbortSignal },
  ) {
    this.#folder = folder
    this.#originals = new Set(images.map(({ identity }) => identity))
    this.#signal = signal
  }

  /** Downloads the results of an image; `name` has no extension. */
  async write(name: string, { result, variants }: Developed): Promise<WrittenResults> {
    const written: WrittenResults = { variants: {} }
    if (result) written.result = await this.#download(name, result)
    for (const [variant, file] of Object.entries(variants))
      written.variants[variant] = await this.#download(resultName(name, variant), file)
    return written
  }

  async #download(name: string, file: ImageFile): Promise<string> {
    const path = `${join(this.#folder, name)}.${fileExtensionOf(file.facts.contentType)}`
    if (await this.#isOriginal(path))
      throw new Error(`its result would overwrite the original ${path}; choose another folder with -o`)
    makeFolder(dirname(path))
    // Has a short name, because the name of the result with a suffix may be too long for the disk.
    const temporary = join(dirname(path), `.darkroom-${randomBytes(8).toString('hex')}.part`)
    try {
      await file.download(({ body }) =>
        pipeline(body as unknown as AsyncIterable<Uint8Array>, createWriteStream(temporary), {
          signal: this.#signal,
        }),
      )
      await rename(temporary, path)
    } catch (error) {
      await rm(temporary, { force: true })
      throw error
    }
    return path
  }

  /** Whether a path leads to an original, directly or through links. */
  async #isOriginal(path: string): Promise<boolean> {
    const found = await stat(path).catch(() => undefined)
    return found !== undefined && this.#originals.has(identityOf(found))
  }
}

/** Creates the folder of `-o`. @throws UsageError */
export function makeOutputFolder(out: string): void {
  if (out === '') throw new BriefUsageError('-o must be a folder, got ""')
  try {
    makeFolder(out)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new BriefUsageError(`-o must be a folder, but ${message}`)
    throw new BriefUsageError(`the folder of -o cannot be created: ${message}`)
  }
}
