import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

function tokenPath(dataDir: string): string {
  return join(dataDir, 'cluster-token')
}

/** The token that services show each other: made at the first start, readable by its owner alone. */
export function loadOrMakeClusterToken(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true })
  try {
    // Exclusive: of two processes that start at once, one makes the token and the other reads it.
    writeFileSync(tokenPath(dataDir), randomBytes(32).toString('base64url'), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readClusterToken(dataDir) ?? ''
}

/** The token, if it was made. */
export function readClusterToken(dataDir: string): string | undefined {
  try {
    return readFileSync(tokenPath(dataDir), 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
