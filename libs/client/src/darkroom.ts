import { Connection, type ConnectionOptions, type RequestOptions } from './connection.ts'
import { DarkroomError, ImageFailed } from './darkroom-error.ts'
import { imagePath, presetPath } from './paths.ts'
import type {
  Grant,
  ImageFacts,
  ImageStatus,
  Operations,
  Preset,
  Progress,
  SignedLinks,
  Source,
} from './types.ts'
import { unlessDone } from './unless-done.ts'
import { upload } from './upload.ts'
import { waitForEnd } from './wait-for-end.ts'

export type DarkroomOptions = ConnectionOptions

export interface DevelopOptions {
  operations?: Operations | undefined
  /** Named lists of operations, each on the original. */
  variants?: Readonly<Record<string, Operations>> | undefined
  /** The name of a preset; other options have priority over it. */
  preset?: string | undefined
  /** A URL that gets a signed webhook when the image is finished or has failed. */
  callback?: string | undefined
  /**
   * Uploading the same image again with the same key returns the same id. Only for images up to 8 MiB. Without it, each call
   * creates a new image.
   */
  idempotencyKey?: string | undefined
  onProgress?: ((progress: Progress) => void) | undefined
  signal?: AbortSignal | undefined
}

export interface Developed {
  id: string
  status: ImageStatus
  /** Absent if only variants were requested. */
  result?: ImageFile
  variants: Record<string, ImageFile>
}

/** A stored image. */
export class ImageFile {
  readonly facts: ImageFacts
  readonly #read: () => Promise<Response>

  constructor(facts: ImageFacts, read: () => Promise<Response>) {
    this.facts = facts
    this.#read = read
  }

  /** Downloads it; the body of the response can be streamed. */
  response(): Promise<Response> {
    return this.#read()
  }

  /**
   * Downloads it. If the connection breaks, so that `use` fails with a TypeError, the download is repeated and `use` is
   * called again, at most three times in all.
   */
  async download<Result>(use: (response: Response) => Promise<Result>): Promise<Result> {
    for (let downloads = 1; ; downloads++) {
      const response = await this.#read()
      try {
        return await use(response)
      } catch (error) {
        // Fetch throws this error when the connection breaks while the body is read.
        if (!(error instanceof TypeError)) throw error
        if (downloads === maxDownloads) throw DarkroomError.broken(response, error)
      }
    }
  }

  blob(): Promise<Blob> {
    return this.download(response => response.blob())
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await this.download(response => response.arrayBuffer()))
  }
}

const maxDownloads = 3

/** Selects the failed images that are developed again. */
export interface RetryFilters {
  /** The type of the problem in `error`, such as `urn:darkroom:problem:took-too-long`. */
  type?: string | undefined
  owner?: string | undefined
  preset?: string | undefined
  /** Only images that arrived at this instant or later (RFC 3339). */
  since?: string | undefined
}

/** The content of a preset; variants may also have the form that `presets` returns. */
export interface PresetOptions {
  operations?: Operations | undefined
  variants?: Readonly<Record<string, Operations | { operations: Operations }>> | undefined
}

/** What may be uploaded with a grant, and how it is developed. */
export interface GrantOptions
  extends Pick<DevelopOptions, 'operations' | 'variants' | 'preset' | 'callback'> {
  /** How many images: 1 to 100, by default 1. */
  images?: number | undefined
  /** The size limit of each image. */
  maxBytes?: number | undefined
  /** In seconds: at most a day, by default an hour. */
  expiresIn?: number | undefined
}

/** Selects images, and a page of them. */
export interface ListQuery {
  state?: ImageStatus['state'] | undefined
  /** Only images that arrived at this instant or later (RFC 3339). */
  since?: string | undefined
  preset?: string | undefined
  limit?: number | undefined
  /** The `next` of the previous page. */
  cursor?: string | undefined
}

type Signalled = { signal?: AbortSignal | undefined }

/** A client of one Darkroom. */
export class Darkroom {
  readonly #connection: Connection

  constructor(options: DarkroomOptions | string | URL) {
    this.#connection = new Connection(
      typeof options === 'string' || options instanceof URL ? { url: options } : options,
    )
  }

  /** Uploads an image and waits for its results. @throws DarkroomError, ImageFailed */
  async develop(source: Source, options: DevelopOptions = {}): Promise<Developed> {
    const id = await this.upload(source, options)
    return this.waitFor(id, options)
  }

  /** Uploads an image; returns its id as soon as the image is accepted. Above 8 MiB, an interrupted upload is continued. */
  upload(source: Source, options: DevelopOptions = {}): Promise<string> {
    const { operations, variants, preset, callback, ...given } = options
    const texts = {
      ...(operations !== undefined && { operations: textOf(operations) }),
      ...(variants !== undefined && { variants: JSON.stringify(variants) }),
      ...(preset !== undefined && { preset }),
      ...(callback !== undefined && { callback }),
    }
    return upload(this.#connection, source, { ...given, options: texts })
  }

  /** Waits for the results of an image. @throws ImageFailed if it could not be developed */
  async waitFor(id: string, { signal, onProgress }: DevelopOptions = {}): Promise<Developed> {
    const onChange = (status: ImageStatus) => onProgress?.({ phase: 'developing', status })
    const status = await waitForEnd(this.#connection, id, { signal, onChange })
    if (status.state === 'failed') throw new ImageFailed(status)
    const path = imagePath(id)
    const fileOf = (facts: ImageFacts, end: string) =>
      new ImageFile(facts, () => this.#connection.request(`${path}/${end}`, signal ? { signal } : {}))
    const variants = Object.entries(status.variants ?? {}).flatMap(([name, { result }]) =>
      result ? [[name, fileOf(result, `variants/${encodeURIComponent(name)}`)] as const] : [],
    )
    return {
      id,
      status,
      ...(status.result && { result: fileOf(status.result, 'result') }),
      variants: Object.fromEntries(variants),
    }
  }

  /** The status document of an image. */
  async status(id: string, options: Signalled = {}): Promise<ImageStatus> {
    return this.#json(imagePath(id), options)
  }

  /** Develops a failed image again. */
  async retry(id: string, options: Signalled = {}): Promise<ImageStatus> {
    const path = `${imagePath(id)}/retry`
    const retried = await unlessDone('not-failed', given =>
      this.#json<ImageStatus>(path, { method: 'POST', ...options, ...given }),
    )
    return retried ?? this.status(id, options)
  }

  /** For operators: develops all matching failed images again. Returns their number. */
  async retryAll(filters: RetryFilters = {}, options: Signalled = {}): Promise<number> {
    let count = 0
    let cursor: string | undefined
    do {
      const path = `/images/retry?${queryOf({ ...filters, cursor })}`
      const page = await this.#json<{ retried: number; next?: string }>(path, { method: 'POST', ...options })
      count += page.retried
      cursor = page.next
    } while (cursor !== undefined)
    return count
  }

  /** Deletes an image and its results. */
  async delete(id: string, options: Signalled = {}): Promise<void> {
    await this.#delete(imagePath(id), 'image-not-found', options)
  }

  /** A page of images, newest first. */
  list(query: ListQuery = {}, options: Signalled = {}): Promise<{ images: ImageStatus[]; next?: string }> {
    return this.#json(`/images?${queryOf(query)}`, options)
  }

  /** Signs links to the bytes of an image, which work without a key. `expiresIn` is in seconds, by default an hour. */
  async createLinks(
    id: string,
    { expiresIn, ...options }: { expiresIn?: number | undefined } & Signalled = {},
  ): Promise<SignedLinks> {
    const signed: SignedLinks = await this.#send(`${imagePath(id)}/links`, 'POST', { expiresIn }, options)
    const { original, result, variants } = signed.links
    // They are relative if Darkroom has no PUBLIC_URL.
    const absolute = (link: string) => (link.startsWith('/') ? `${this.#connection.base}${link}` : link)
    const links: SignedLinks['links'] = { original: absolute(original) }
    if (result !== undefined) links.result = absolute(result)
    if (variants)
      links.variants = Object.fromEntries(
        Object.entries(variants).map(([name, link]) => [name, absolute(link)]),
      )
    return { ...signed, links }
  }

  /** Creates a token with which a browser or a device without a key can upload some images. */
  createGrant(grant: GrantOptions = {}, options: Signalled = {}): Promise<Grant> {
    return this.#send('/grants', 'POST', grant, options)
  }

  /** The presets that an upload can use. */
  presets(options: Signalled = {}): Promise<{ presets: Preset[] }> {
    return this.#json('/presets', options)
  }

  /** For operators: creates or replaces a preset. */
  async putPreset(
    name: string,
    { operations, variants }: PresetOptions,
    options: Signalled = {},
  ): Promise<Preset> {
    return this.#send(presetPath(name), 'PUT', { operations, variants }, options)
  }

  /** For operators: deletes a preset. */
  async deletePreset(name: string, options: Signalled = {}): Promise<void> {
    await this.#delete(presetPath(name), 'preset-not-found', options)
  }

  /** `code` is the problem of what does not exist. */
  async #delete(path: string, code: string, { signal }: Signalled): Promise<void> {
    await unlessDone(code, given =>
      this.#connection.request(path, { method: 'DELETE', ...(signal && { signal }), ...given }),
    )
  }

  /** Sends a document. */
  #send<T extends object>(path: string, method: string, document: object, options: Signalled): Promise<T> {
    const headers = { 'content-type': 'application/json' }
    return this.#json(path, { method, body: JSON.stringify(document), headers, ...options })
  }

  #json<T extends object>(
    path: string,
    { signal, ...init }: Omit<RequestOptions, 'signal'> & Signalled,
  ): Promise<T> {
    return this.#connection.json<T>(path, { ...init, ...(signal && { signal }) })
  }
}

/** Omits values that are undefined. */
function queryOf(values: object): URLSearchParams {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  return new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
}

function textOf(operations: Operations): string {
  return typeof operations === 'string' ? operations : JSON.stringify(operations)
}
