import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

const maxFileKiB = 64

export type Setting =
  | { kind: 'given'; text: string }
  | { kind: 'absent' }
  | { kind: 'unreadable'; mistake: string }

/**
 * Reads a variable, or the file that <variable>_FILE names. Whitespace around the text is removed, such as the carriage
 * returns of a file that was written on Windows. Empty variables count as absent. An empty file is a mistake: the secret has
 * probably not been written yet. The path must lead to a regular file of at most 64 KiB, directly or through links.
 */
export function readSetting(variable: string, env: Readonly<Record<string, string | undefined>>): Setting {
  const text = env[variable]?.trim()
  if (text) return { kind: 'given', text }
  const path = env[`${variable}_FILE`]?.trim()
  if (!path) return { kind: 'absent' }
  try {
    const content = readFile(path).trim()
    if (content !== '') return { kind: 'given', text: content }
    throw new Error(`${path} is empty`)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const isMissing = 'code' in error && error.code === 'ENOENT'
    const reason = isMissing ? `${path} does not exist` : error.message
    return { kind: 'unreadable', mistake: `${variable}_FILE: ${reason}` }
  }
}

/** @throws Error with the reason */
function readFile(path: string): string {
  // Otherwise, opening a pipe would wait until another process opens it for writing.
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    if (!fstatSync(descriptor).isFile()) throw new Error(`${path} is not a regular file`)
    const content = Buffer.alloc(maxFileKiB * 1024 + 1)
    let bytes = 0
    for (let read = 1; read > 0; bytes += read)
      read = readSync(descriptor, content, bytes, content.length - bytes, null)
    if (bytes === content.length) throw new Error(`${path} has more than ${maxFileKiB} KiB`)
    return content.toString('utf8', 0, bytes)
  } finally {
    closeSync(descriptor)
  }
}
