import { signal } from '@preact/signals'
import type { Refusal } from '../api/refusal.ts'

/** Something that the user asked for was refused. */
export const shownNotice = signal<Refusal | undefined>(undefined)

export function notice(refusal: Refusal): void {
  shownNotice.value = refusal
}
