import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExpectedFailure } from './expected-failure.ts'

const minLength = 16

/**
 * Loads the token with which services call each other. It is generated at the first start, readable only by its owner. The
 * caller has locked the folder.
 */
export function loadOrMakeClusterToken(dataDir: string): string {
  if (!existsSync(tokenPath(dataDir))) {
    // The file exists completely or not at all. Without hard links, which USB disks and network shares may not support.
    const temporary = join(dataDir, '.cluster-token.tmp')
    writeFileSync(temporary, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true })
    renameSync(temporary, tokenPath(dataDir))
  }
  const token = readClusterToken(dataDir)
  if (token === undefined || token.length < minLength) {
    throw new ExpectedFailure(
      `${tokenPath(dataDir)} must contain a token of at least ${minLength} characters; delete the file, and the next start generates a new token`,
    )
  }
  return token
}

/** The token; undefined if there is none. @throws ExpectedFailure if this user may not read it */
export function readClusterToken(dataDir: string): string | undefined {
  try {
    return readFileSync(tokenPath(dataDir), 'utf8').trim()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code !== 'EACCES') throw error
    const advice = 'run the command as the user that runs Darkroom, or set CLUSTER_TOKEN'
    throw new ExpectedFailure(`the cluster token cannot be read: ${message}; ${advice}`, { cause: error })
  }
}

function tokenPath(dataDir: string): string {
  return join(dataDir, 'cluster-token')
}
