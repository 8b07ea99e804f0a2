import type { UploadOptions } from '../images/row.ts'

/** An unfinished upload in pieces. The browser keeps a reference to the file, so the upload continues after a reload. */
interface PendingUpload {
  key: string
  /** The tab that sends it. */
  tab: string
  file: File
  options: UploadOptions | undefined
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
): Promise<{ result: Result } | undefined> {
  try {
    const database = await open()
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(storeName, mode)
      const request = use(transaction.objectStore(storeName))
      transaction.oncomplete = () => resolve({ result: request.result })
      transaction.onabort = () => reject(transaction.error)
    })
  } catch {
    return undefined // storage is full or disabled: uploads can't continue after a reload
  }
}

export async function rememberPending(upload: PendingUpload): Promise<void> {
  setForgotten(upload.key, false)
  await inStore('readwrite', store => store.put(upload))
}

export async function forgetPending(key: string): Promise<void> {
  setForgotten(key, true)
  if (await inStore('readwrite', store => store.delete(key))) setForgotten(key, false)
}

/**
 * Takes over unfinished uploads for a tab. Reading and writing is one transaction, because another tab that is opened at the
 * same moment must not take them, too.
 */
export async function takePending(
  tab: string,
  isFree: (upload: PendingUpload) => boolean,
): Promise<PendingUpload[]> {
  let taken: PendingUpload[] = []
  const all = await inStore<PendingUpload[]>('readwrite', store => {
    const request = store.getAll()
    request.onsuccess = () => {
      // Read only once: by the end of the transaction, the tab of an upload may have been opened again.
      taken = request.result.filter(isFree)
      for (const upload of taken) store.put({ ...upload, tab })
    }
    return request
  })
  if (!all) return []
  return taken.filter(({ key }) => {
    const isOver = localStorage.getItem(forgottenPrefix + key) !== null
    if (isOver) void forgetPending(key)
    return !isOver
  })
}

const forgottenPrefix = 'darkroom-forgotten-'

/**
 * The database deletes an upload only after it has written its file, which a reload can prevent. This mark takes effect
 * at once.
 */
function setForgotten(key: string, isForgotten: boolean): void {
  try {
    if (isForgotten) localStorage.setItem(forgottenPrefix + key, '')
    else localStorage.removeItem(forgottenPrefix + key)
  } catch {
    // Storage is full or disabled.
  }
}
