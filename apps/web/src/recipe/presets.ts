import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'
import { session } from '../session/session.ts'
import { readStored, store } from '../shell/stored.ts'

export interface Preset {
  name: string
  operations?: readonly Operation[]
  variants?: Readonly<Record<string, { operations: readonly Operation[] }>>
}

const storageKey = 'darkroom-presets'

/**
 * The presets of the operators; undefined until they are known. At first, they are those of the last visit: a preset that
 * is drawn later would move the page.
 */
export const presets = signal(readKnown())

function readKnown(): readonly Preset[] | undefined {
  const known = readStored(storageKey)
  return Array.isArray(known) && known.every(each => typeof each?.name === 'string') ? known : undefined
}

const retryMs = 2000

/** Reads the presets, and retries until the server has answered. */
export async function readPresets(): Promise<void> {
  try {
    const { presets: read } = await request<{ presets: Preset[] }>('presets')
    if (session.peek().state === 'signed-out') return
    presets.value = read
    store(storageKey, read)
  } catch (error) {
    // Without a key, this is called again after signing in.
    if (error instanceof Refusal && error.status !== 401) setTimeout(() => void readPresets(), retryMs)
  }
}

/** For a user who has signed out. */
export function forgetPresets(): void {
  presets.value = undefined
  store(storageKey, null)
}
