import { readFileSync } from 'node:fs'

export type Setting =
  | { kind: 'given'; text: string }
  | { kind: 'absent' }
  | { kind: 'unreadable'; mistake: string }

/**
 * The text of one variable, or of the file that <variable>_FILE names (the newline at its end left out). Empty
 * variables count as absent. An empty file is a mistake: a secret that isn't there yet, not a wish for the default.
 */
export function readSetting(variable: string, env: Readonly<Record<string, string | undefined>>): Setting {
  const text = env[variable]
  if (text) return { kind: 'given', text }
  const path = env[`${variable}_FILE`]
  if (!path) return { kind: 'absent' }
  try {
    const content = readFileSync(path, 'utf8').replace(/\r?\n$/, '')
    if (content !== '') return { kind: 'given', text: content }
    return { kind: 'unreadable', mistake: `${variable}_FILE: ${path} is empty` }
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return { kind: 'unreadable', mistake: `${variable}_FILE: ${error.message}` }
  }
}
