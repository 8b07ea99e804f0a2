import type { Wish } from '../images/row.ts'

/** An upload in pieces that is not finished. The browser keeps the file by reference, so it goes on after a reload. */
export interface PendingUpload {
  key: string
  /** The tab that sends it. */
  tab: string
  file: File
  wish: Wish
  /** Where the server keeps what it has received. */
  uploadUrl?: string | undefined
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
    return undefined // storage is full or switched off: uploads last as long as the page
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
