import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Owner } from './owner.ts'

/** An empty folder that is removed when the test has ended. */
export function temporaryFolder(owner: Owner): string {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-'))
  owner.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
