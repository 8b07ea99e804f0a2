import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { Refusal } from '../api/refusal.ts'
import { request } from '../api/request.ts'

export interface Preset {
  name: string
  operations?: readonly Operation[]
  variants?: Readonly<Record<string, { operations: readonly Operation[] }>>
}

/** The presets of the operators; undefined until they are read. */
export const presets = signal<readonly Preset[] | undefined>(undefined)

const retryMs = 2000

/** Reads the presets, and retries until the server has answered. */
export async function readPresets(): Promise<void> {
  try {
    presets.value = (await request<{ presets: Preset[] }>('presets')).presets
  } catch (error) {
    // Without a key, this is called again after signing in.
    if (error instanceof Refusal && error.status !== 401) setTimeout(() => void readPresets(), retryMs)
  }
}
