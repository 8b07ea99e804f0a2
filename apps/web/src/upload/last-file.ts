import { signal } from '@preact/signals'

/** The file that was chosen last: what a recipe is tried on. */
export const lastFile = signal<File | undefined>(undefined)
