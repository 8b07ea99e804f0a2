import type { Wish } from '../images/row.ts'

/** An unfinished upload in pieces. The browser keeps a reference to the file, so the upload continues after a reload. */
export interface PendingUpload {
  key: string
  /** The tab that sends it. */
  tab: string
  file: File
  wish: Wish | undefined
  /** The URL of the upload at the server. */
  uploadUrl?: string | undefined
  /** How much of the file the server has. */
  share?: number | undefined
}

const storeName = 'pending'

let opened: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open('darkroom', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(storeName, { keyPath: 'key' })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
  return opened
}

async function inStore<Result>(
  mode: IDBTransactionMode,
  use: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result | undefined> {
  try {
    const database = await open()
    return await new Promise((resolve, reject) => {
      const request = use(database.transaction(storeName, mode).objectStore(storeName))
      request.onsuccess = () => resolve(request.result)
      request.onerror = () => reject(request.error)
    })
  } catch {
    return undefined // storage is full or disabled: uploads can't continue after a reload
  }
}

export async function rememberPending(upload: PendingUpload): Promise<void> {
  await inStore('readwrite', store => store.put(upload))
}

export async function forgetPending(key: string): Promise<void> {
  await inStore('readwrite', store => store.delete(key))
}

export async function readPending(): Promise<PendingUpload[]> {
  return (await inStore<PendingUpload[]>('readonly', store => store.getAll())) ?? []
}
