import { Refusal } from '../api/refusal.ts'

/*
 * The browser keeps only a reference to a file. If the file is changed, some browsers refuse to read it, and Firefox reads
 * the new bytes, while the size stays that of the old file. A request with that file would never end.
 */

/** @throws Refusal if the file was moved or became shorter since it was chosen */
export async function expectReadable(file: File): Promise<void> {
  await readWhole(file.slice(-1))
}

/** Reads a file. @throws Refusal if it was moved, or has another length than when it was chosen */
export async function readWhole(file: Blob): Promise<ArrayBuffer> {
  const bytes = await file.arrayBuffer().catch(() => undefined)
  if (bytes?.byteLength === file.size) return bytes
  throw new Refusal({
    status: 410,
    code: 'file-gone',
    message: 'The file was changed or moved since it was chosen',
    remedy: 'Choose it again.',
  })
}
