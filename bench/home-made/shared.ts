import { open } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Job {
  id: string
}

/** What the server and the worker are started with. */
export function readSettings() {
  const { FOLDER, REDIS_PORT, PORT, WAY } = process.env
  if (FOLDER === undefined) throw new Error('FOLDER is missing')
  return {
    folder: FOLDER,
    connection: { host: '127.0.0.1', port: Number(REDIS_PORT), maxRetriesPerRequest: null },
    port: Number(PORT),
    way: WAY,
  }
}

/** Resolves when a power cut can no longer take the file: its bytes and its name are on disk. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.datasync()
  } finally {
    await file.close()
  }
  const folder = await open(dirname(path))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
