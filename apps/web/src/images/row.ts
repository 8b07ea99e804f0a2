import type { ImageStatus, TaskState } from '@darkroom/contracts'
import { type Signal, signal } from '@preact/signals'
import type { Refusal } from '../api/refusal.ts'

/** The state of the upload of a file, or of the development of its image. */
export type RowView =
  /** share: how much of the file the server already has. */
  | { state: 'waiting'; share?: number | undefined }
  | { state: 'uploading'; share: number }
  | { state: 'refused'; refusal: Refusal }
  | { state: TaskState; image: ImageStatus; version: number }

/** The options of the images of one drop. */
export interface UploadOptions {
  /** The value of `?operations=`; undefined for the default. */
  operations?: string | undefined
  preset?: string | undefined
  variants?: string | undefined
}

/** A line of the list: a file that was chosen here, an image that the server has, or both. */
export interface Row {
  /** Stays the same when the file becomes an image. The keys of files are in the order in which the files were added. */
  readonly key: string
  readonly name: string
  /** For images whose name this tab may learn later. */
  rename?(name: string): void
  readonly bytes: number
  readonly file?: File | undefined
  /** Undefined while the file is collected: it gets the recipe that is current when it is sent. */
  options: UploadOptions | undefined
  /** Sent with every attempt, so that an upload whose response was lost creates no second image. */
  readonly idempotencyKey: string
  readonly view: Signal<RowView>
  readonly isChosen: Signal<boolean>
}

let added = 0

export function rowOfFile(
  file: File,
  options: UploadOptions | undefined,
  key = `${Date.now() * 1000 + added++}-${randomText()}`,
): Row {
  return {
    key,
    name: file.webkitRelativePath || file.name,
    bytes: file.size,
    file,
    options,
    idempotencyKey: key,
    view: signal<RowView>({ state: 'waiting' }),
    isChosen: signal(false),
  }
}

export function rowOfImage(image: ImageStatus, name: string): Row {
  const shown = signal(name)
  return {
    key: image.id,
    get name() {
      return shown.value
    },
    rename: next => (shown.value = next),
    bytes: image.original.bytes,
    options: {},
    idempotencyKey: image.id,
    view: signal<RowView>({ state: image.state, image, version: 0 }),
    isChosen: signal(false),
  }
}

export function imageOf(row: Row): ImageStatus | undefined {
  const view = row.view.value
  return 'image' in view ? view.image : undefined
}

/** crypto.randomUUID exists on https only. */
export function randomText(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))]
    .map(byte => byte.toString(16).padStart(2, '0'))
    .join('')
}
