import { signal } from '@preact/signals'

/** The image that was chosen last, on which a recipe can be tried. */
export const lastFile = signal<File | undefined>(undefined)
