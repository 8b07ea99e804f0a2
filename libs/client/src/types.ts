/** An operation in its JSON form, such as `{ name: 'resize', width: 800 }`. */
export interface Operation {
  name: string
  [argument: string]: unknown
}

/** Operations as text (`resize:800x600,format:webp`), or as a list. */
export type Operations = string | readonly Operation[]

export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | Iterable<Uint8Array>

/** A stored image, whose original is developed again. */
export interface StoredSource {
  /** Its id. */
  from: string
}

/** The image: a file or bytes, a stream, the URL of an image that Darkroom fetches, or a stored image. */
export type Source = Blob | ArrayBuffer | ArrayBufferView | URL | string | ByteStream | StoredSource

export interface ImageFacts {
  contentType: string
  bytes: number
  /** In pixels, as displayed. */
  width: number
  height: number
  frames: number
  /** In hex. */
  sha256: string
}

type ImageState = 'not-started' | 'in-progress' | 'finished' | 'failed'

/** The status document. */
export interface ImageStatus {
  id: string
  state: ImageState
  operations?: Operation[]
  attempts: number
  createdAt: string
  startedAt?: string
  finishedAt?: string
  preset?: string
  from?: string
  original: ImageFacts
  result?: ImageFacts
  variants?: Record<string, { operations: Operation[]; result?: ImageFacts }>
  error?: { type: string; title: string; detail: string }
  /** `answer`: the last response of the receiver, a status or a word such as timeout. */
  callback?: { url: string; state: string; attempts: number; answer?: string }
  links: {
    self: string
    original: string
    result?: string
    events: string
    variants?: Record<string, string>
  }
}

/** Options of an upload under one name. */
export interface Preset {
  name: string
  operations?: Operation[]
  variants?: Record<string, { operations: Operation[] }>
}

/** Absolute URLs of the bytes of an image, which work without a key. */
export interface SignedLinks {
  id: string
  expiresAt: string
  links: {
    original: string
    /** Absent if only variants were requested. */
    result?: string
    variants?: Record<string, string>
  }
}

/** The right to upload some images without a key. */
export interface Grant {
  /** For a client without a key, which uses it as its key: `dg_…`. */
  token: string
  expiresAt: string
  /** How many images may be uploaded. */
  images: number
  maxBytes?: number
}

export type Progress =
  | { phase: 'uploading'; sentBytes: number; totalBytes?: number }
  /** Darkroom refused the request for now, or can't be reached; the request is retried. */
  | { phase: 'waiting'; reason: string }
  | { phase: 'developing'; status: ImageStatus }
