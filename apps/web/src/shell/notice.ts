import { signal } from '@preact/signals'
import type { Refusal } from '../api/refusal.ts'

/** The refusal of a request that the user made. */
export const shownNotice = signal<Refusal | undefined>(undefined)

export function notice(refusal: Refusal): void {
  shownNotice.value = refusal
}
