import { execFileSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const dist = fileURLToPath(new URL('../dist', import.meta.url))

/** Builds the page from the current sources. */
export function buildPage(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL('../build/build.ts', import.meta.url))], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}
