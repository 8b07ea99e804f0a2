import type { Operation } from '@darkroom/contracts'
import { signal } from '@preact/signals'
import { request } from '../api/request.ts'

export interface Preset {
  name: string
  operations?: readonly Operation[]
  variants?: Readonly<Record<string, { operations: readonly Operation[] }>>
}

/** The presets of the operators; undefined until they are read. */
export const presets = signal<readonly Preset[] | undefined>(undefined)

export async function readPresets(): Promise<void> {
  try {
    presets.value = (await request<{ presets: Preset[] }>('presets')).presets
  } catch {
    presets.value = undefined // the page works without presets
  }
}
